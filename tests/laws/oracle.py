"""What must be true of a Service after a run, told from the wire alone.

Nothing here asks assetsync what it thinks: uploads are seen as they arrive at the service, names, Builds and served
bytes are read as any outsider reads them, and our memory in a friendly name is read by a reader of its own.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import xxhash

from assetsync.emulator.messages import Answer, Drop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from assetsync.emulator.messages import Outcome, Request
    from tests.fakes.world import Remote

_ENTRY = r"[A-Za-z0-9_-]{42}:[A-Za-z0-9_-]{22}"
_NAME = re.compile(rf"(?P<label>/[^ ]*) \[as1 (?P<owner>[a-z0-9-]+)(?P<entries>(?: {_ENTRY})*)\]")
_VERSIONS = re.compile(r"/v1/Services/[^/]+/Assets/(?P<asset>ZH[0-9a-f]{32})/Versions")


@dataclass(frozen=True, slots=True)
class Want:
    """What has to be served at one path; the content as its SHA-256 in hex."""

    visibility: str
    content_type: str
    sha256: str

    @classmethod
    def of(cls, content: bytes, content_type: str, visibility: str = "public") -> Self:
        return cls(visibility, content_type, hashlib.sha256(content).hexdigest())


@dataclass(frozen=True, slots=True)
class Uploaded:
    """One Asset Version as it arrived: `ours` where assetsync sent it."""

    sid: str
    asset: str
    path: str
    want: Want
    ours: bool


@dataclass(frozen=True, slots=True)
class Written:
    """A write of assetsync's that the service has worked on; `upload` where it was one."""

    method: str
    path: str
    status: int
    upload: Uploaded | None = None


class Storm:
    """A share of assetsync's requests fails, drawn from a seed: instead of the work, or after it was done.

    `lost` are the SIDs of the uploads whose acknowledgement did not arrive.
    """

    def __init__(self, seed: int, chance: float = 0.4) -> None:
        self.lost: set[str] = set()
        self._random, self._chance = random.Random(seed), chance

    def before(self, request: Request) -> Outcome | None:
        if self._random.random() >= self._chance / 2:
            return None
        return self._random.choice((Answer(429, b"{}"), Answer(500, b"{}"), Answer(503, b"busy"), Drop.CONNECTION))

    def after(self, answer: Answer, upload: Uploaded | None) -> Outcome | None:
        if self._random.random() >= self._chance / 2:
            return None
        if upload is not None:
            self.lost.add(upload.sid)
        half = answer.body[: len(answer.body) // 2] if isinstance(answer.body, bytes) else b""
        broken = Answer(answer.status, half, answer.headers)
        return self._random.choice((Answer(502, b"<html>"), Answer(504, b""), Drop.CONNECTION, broken))


@dataclass
class Witness:
    """A fault plan that sees every upload with its bytes, and every write that assetsync makes.

    It bends nothing unless there is a `storm`. `before_deployment` is called once, right before assetsync's next
    Deployment is worked on.
    """

    uploads: dict[str, Uploaded] = field(default_factory=dict)
    writes: list[Written] = field(default_factory=list)
    before_deployment: Callable[[], None] | None = None
    storm: Storm | None = None

    def before(self, request: Request) -> Outcome | None:
        act = self.before_deployment
        if act is not None and _ours(request) and request.method == "POST" and request.path.endswith("/Deployments"):
            self.before_deployment = None
            act()
        return self.storm.before(request) if self.storm and _ours(request) else None

    def after(self, request: Request, answer: Answer) -> Outcome | None:
        upload = None
        if request.method != "GET":
            upload = _upload(request, answer)
            if upload is not None:
                self.uploads[upload.sid] = upload
            if _ours(request):
                self.writes.append(Written(request.method, request.path, answer.status, upload))
        return self.storm.after(answer, upload) if self.storm and _ours(request) else None

    def begin(self) -> None:
        """Forget the writes of earlier runs, not what was uploaded."""
        self.writes.clear()

    @property
    def sent(self) -> list[Uploaded]:
        """What this run uploaded, in order."""
        return [each.upload for each in self.writes if each.upload is not None]


@dataclass(frozen=True, slots=True)
class Live:
    """What one Environment serves: Versions by path as `(version, asset, visibility)`, and the rest of its Build."""

    build: str | None
    versions: Mapping[str, tuple[str, str, str]]
    functions: frozenset[str] = frozenset()
    dependencies: str = ""
    runtime: str | None = None

    @property
    def assets(self) -> frozenset[str]:
        return frozenset(asset for _, asset, _ in self.versions.values())


@dataclass(frozen=True, slots=True)
class Scene:
    """A Service at one moment: friendly names by Asset SID, and what each Environment serves.

    unproven: live Assets whose names tell of Versions that are all gone; they may have been copied from anywhere
    """

    names: Mapping[str, str]
    live: Mapping[str, Live]
    unproven: frozenset[str] = frozenset()

    def at(self, environment: str) -> Live:
        return self.live.get(environment, Live(None, {}))

    def builds(self, but: str) -> dict[str, str | None]:
        """The live Builds of every Environment but one."""
        return {name: live.build for name, live in self.live.items() if name != but}

    def assets_served(self, *, but: str) -> frozenset[str]:
        return frozenset(asset for name, live in self.live.items() if name != but for asset in live.assets)


def look(remote: Remote, service: str) -> Scene:
    """Read it all; a Service that does not exist holds nothing. A path or an Asset twice in a Build fails here."""
    if remote.http.get(f"/v1/Services/{service}").status_code == 404:
        return Scene({}, {})
    environments = remote.every(f"/Services/{service}/Environments")
    sids = {each["build_sid"] for each in environments if each["build_sid"]}
    builds = {sid: remote.get(f"/Services/{service}/Builds/{sid}") for sid in sids}
    live = {each["unique_name"]: _live(builds.get(each["build_sid"])) for each in environments}
    names = remote.assets(service)
    served = {(asset, version) for each in live.values() for version, asset, _ in each.versions.values()}
    unproven = {sid for sid, _ in served if _is_unproven(remote, service, sid, names[sid], served)}
    return Scene(names, live, frozenset(unproven))


def _is_unproven(remote: Remote, service: str, sid: str, name: str, served: set[tuple[str, str]]) -> bool:
    memory = read_name(name)
    if memory is None or not memory[2] or any((sid, version) in served for version in memory[2]):
        return False
    urls = [f"/v1/Services/{service}/Assets/{sid}/Versions/{version}" for version in memory[2]]
    return all(remote.http.get(url).status_code == 404 for url in urls)


def _live(build: dict[str, Any] | None) -> Live:
    if build is None:
        return Live(None, {})
    versions = build["asset_versions"]
    by_path = {each["path"]: (each["sid"], each["asset_sid"], each["visibility"].lower()) for each in versions}
    assert len(by_path) == len(versions), "a path twice in one Build"
    assert len({asset for _, asset, _ in by_path.values()}) == len(versions), "two Versions of one Asset in a Build"
    return Live(
        build["sid"],
        by_path,
        frozenset(each["sid"] for each in build["function_versions"]),
        json.dumps(sorted(build["dependencies"], key=lambda each: str(each["name"]))),
        build["runtime"],
    )


def read_name(name: str) -> tuple[str, str, tuple[str, ...]] | None:
    """Label, owner and remembered Version SIDs of a friendly name that bears our memory."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    texts = [entry.rpartition(":")[2] for entry in match["entries"].split()]
    versions = tuple("ZN" + urlsafe_b64decode(text + "==").hex() for text in texts)
    return match["label"], match["owner"], versions


def label_for(path: str, owner: str) -> str:
    """How the name of an Asset begins: 255 characters hold the label, the frame and at least one entry of 66."""
    longest = 255 - 66 - len(f" [as1 {owner}]")
    return path if len(path) <= longest else f"{path[: longest - 17]}#{xxhash.xxh3_64_hexdigest(path.encode())}"


def owned(scene: Scene, owner: str, witness: Witness) -> frozenset[str]:
    """The Assets whose names bear this owner's memory; a name that claims another Asset's Version was copied."""
    found = set()
    for sid, name in scene.names.items():
        memory = None if sid in scene.unproven else read_name(name)
        if memory is not None and memory[1] == owner and not _claims_others(sid, memory[2], witness):
            found.add(sid)
    return frozenset(found)


def _claims_others(sid: str, versions: Iterable[str], witness: Witness) -> bool:
    return any(each in witness.uploads and witness.uploads[each].asset != sid for each in versions)


@dataclass(frozen=True, slots=True)
class Run:
    """One apply, as the checks need it. `known`: the Versions whose upload this machine saw acknowledged."""

    owner: str
    environment: str
    desired: Mapping[str, Want]
    before: Scene
    known: frozenset[str]


def check_untouched(run: Run, after: Scene, witness: Witness) -> None:
    """Other Environments serve what they served, nothing is deleted, nothing foreign written to."""
    assert after.builds(run.environment) == run.before.builds(run.environment), "another Environment's Build changed"
    own = owned(run.before, run.owner, witness)
    foreign = run.before.names.keys() - own
    for write in witness.writes:
        assert write.method == "POST", f"an apply sent {write.method} {write.path}"
        touched = [sid for sid in foreign if sid in write.path]
        assert not touched, f"a foreign Asset was written to: {write.path} ({run.before.names[touched[0]]})"
    for sid in foreign:
        assert after.names.get(sid) == run.before.names[sid], "a foreign name changed"
    elsewhere = run.before.assets_served(but=run.environment)
    for upload in witness.sent:
        assert upload.asset not in elsewhere, "uploaded into an Asset that another Environment serves"


def check_served(run: Run, after: Scene, witness: Witness, remote: Remote) -> None:
    """The Environment serves what is wanted, and every foreign Version that was live and is not replaced."""
    was, now = run.before.at(run.environment), after.at(run.environment)
    own = owned(run.before, run.owner, witness)
    kept = {path: each for path, each in was.versions.items() if each[1] not in own and path not in run.desired}
    assert now.versions.keys() == run.desired.keys() | kept.keys(), "the live paths are not the wanted and foreign ones"
    for path, want in run.desired.items():
        version, _, visibility = now.versions[path]
        assert visibility == want.visibility, path
        upload = witness.uploads[version]
        assert (upload.path, upload.want) == (path, want), path
        if want.visibility == "public":
            status, content, content_type = remote.served(run.environment, path)
            assert (status, Want.of(content, content_type)) == (200, want), path
    for path, each in kept.items():
        assert now.versions[path] == each, "a foreign Version was lost or exchanged"
    assert now.functions == was.functions, "Functions were lost"
    if was.build is not None and now.build is not None:
        assert (now.dependencies, now.runtime) == (was.dependencies, was.runtime), "dependencies or runtime changed"


def check_nothing_needless(run: Run, witness: Witness, exists: Callable[[str, str], bool]) -> None:
    """No upload of what is live here already, nor of what an own Asset of that path remembers and still holds."""
    for upload in witness.sent:
        remembered = [each for each in remembered_versions(run, upload.path, witness) if exists(each.asset, each.sid)]
        assert not remembered, f"{upload.path} was sent, and Version {remembered[0].sid} holds it already"


def remembered_versions(run: Run, path: str, witness: Witness) -> list[Uploaded]:
    """Versions of what is wanted at `path` that this owner's memory, or this machine's journal, tells of.

    One whose Asset has to go on serving another wanted path is not free.
    """
    label, wanted = label_for(path, run.owner), (path, run.desired[path])
    live = run.before.at(run.environment).versions
    busy = {asset for at, (_, asset, _) in live.items() if at != path and at in run.desired}
    found = []
    for sid in owned(run.before, run.owner, witness) - busy:
        memory = read_name(run.before.names[sid])
        if memory is None:
            continue
        for version in {*memory[2], *run.known} & witness.uploads.keys():
            upload = witness.uploads[version]
            usable = memory[0] == label or live.get(path, ("", "", ""))[0] == version
            if usable and upload.asset == sid and (upload.path, upload.want) == wanted:
                found.append(upload)
    return found


def needs_nothing(run: Run, witness: Witness) -> bool:
    """Everything wanted is live, remembered in the names, and nothing else of this owner is."""
    live = run.before.at(run.environment).versions
    own = owned(run.before, run.owner, witness)
    if any(asset in own and path not in run.desired for path, (_, asset, _) in live.items()):
        return False
    return all(
        path in live
        and live[path][1] in own
        and live[path][2] == want.visibility
        and witness.uploads[live[path][0]].want == want
        and live[path][0] in (read_name(run.before.names[live[path][1]]) or ("", "", ()))[2]
        for path, want in run.desired.items()
    )


def _ours(request: Request) -> bool:
    return request.headers.get("user-agent", "").startswith("assetsync/")


def _upload(request: Request, answer: Answer) -> Uploaded | None:
    match = _VERSIONS.fullmatch(request.path)
    if match is None or answer.status != 201 or not isinstance(answer.body, bytes):
        return None
    document = json.loads(answer.body)
    part = next(file for file in request.body.files if file.name == "Content")
    fields = dict(request.body.fields)
    return Uploaded(
        document["sid"],
        match["asset"],
        document["path"],
        Want(fields["Visibility"].lower(), part.content_type or "", part.spool.digest),
        _ours(request),
    )
