"""A service whose answers contradict each other, and strangers whose names look like our memory.

Whatever it says: nothing is written where it does not belong, nothing is deleted that is not ours, and what a stranger
made stays a stranger's.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.stage import Outside
from tests.fakes.wire_server import Outcome, Seen, json_reply
from tests.reliability.figures import note
from tests.reliability.liar import Document, Trap, Truth, about, aged, kind_of, leading_to, put
from tests.reliability.lied_to import (
    APPLY,
    ASSETS,
    BUILD,
    BUILDS,
    DEPLOYMENTS,
    ENVIRONMENT,
    ENVIRONMENTS,
    FOREIGN,
    GC,
    SERVICES,
    STATUS,
    SUITE,
    VERSIONS,
    Scene,
    sid,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def second(document: Document, key: str, **changes: Any) -> None:
    """The list has its first item once more, with changes."""
    document[key].append({**document[key][0], **changes})


def own(scene: Scene, path: str) -> str:
    """The Asset of ours that serves a path."""
    build = scene.stage.outside.live()
    assert build is not None
    return next(str(each["asset_sid"]) for each in build["asset_versions"] if each["path"] == path)


OTHER_ACCOUNT = "AC" + "7" * 32
LISTS: dict[str, tuple[str, Callable[[Document], object], str]] = {
    "two Environments of one name": (
        ENVIRONMENTS,
        lambda page: second(page, "environments", sid=sid("ZE"), build_sid=None, domain_suffix="x"),
        "two Environments are named production",
    ),
    "an Environment of another account beside": (
        ENVIRONMENTS,
        lambda page: second(page, "environments", sid=sid("ZE"), account_sid=OTHER_ACCOUNT, unique_name="x"),
        "more than one account or Service",
    ),
    "an Environment of another Service beside": (
        ENVIRONMENTS,
        lambda page: second(page, "environments", sid=sid("ZE"), service_sid=sid("ZS"), unique_name="x"),
        "more than one account or Service",
    ),
    "the account of somebody else": (
        ENVIRONMENTS,
        lambda page: put(page, ("environments", 0, "account_sid"), OTHER_ACCOUNT),
        "the key belongs to the account AC7777...7777",
    ),
    "a Build of another Service": (BUILD, lambda it: put(it, ("service_sid",), sid("ZS")), "about another thing"),
    "another Build": (BUILD, lambda it: put(it, ("sid",), sid("ZB")), "about another thing"),
    "a Build without its Versions": (BUILD, lambda it: it.pop("asset_versions"), "`asset_versions` is not there"),
    "a Build of no Asset": (
        BUILD,
        lambda it: put(it, ("asset_versions", 0, "asset_sid"), None),
        "`asset_versions[0].asset_sid` is not a ZH SID",
    ),
    "a Service of another name": (f"{SERVICES}/*", lambda it: put(it, ("unique_name",), "shop"), "of the Service shop"),
}


def test_what_cannot_be_is_refused_before_anything_is_written(scene: Scene) -> None:
    scene.edit(a_txt="changed")
    before = scene.foreign, scene.stage.outside.live()
    for name, (kind, change, sentence) in LISTS.items():
        ran = scene.lying(about(kind, change), *APPLY)
        assert ran.code == (77 if "account of" in name else 1), (name, ran.said)
        assert sentence in ran.flat, (name, ran.said)
        assert ran.writes == (), name
        assert (scene.foreign, scene.stage.outside.live()) == before, name
    scene.converges()
    note(SUITE, contradictions=len(LISTS))


def test_a_list_that_leads_into_another_service_writes_nothing_there(scene: Scene) -> None:
    """The Environments say that they are of a Service that exists, of the same account, and that is another one."""
    outside = scene.stage.outside
    victim = f"{outside.service}-victim"
    outside.new_service(name=victim)
    with closing(Outside(scene.stage.emulator, victim)) as other:
        service = other.get()["sid"]
    scene.edit(a_txt="changed")

    def lie(page: Document) -> None:
        page["environments"][0] |= {"service_sid": service, "build_sid": None}

    ran = scene.lying(about(ENVIRONMENTS, lie), *APPLY)
    ran.holds(1, f"they are of the Service {victim}")
    assert ran.writes == ()
    assert scene.lying(aged(about(ENVIRONMENTS, lie)), *GC).holds(1, f"they are of the Service {victim}").writes == ()
    scene.converges()


def test_an_asset_of_ours_that_is_nowhere_but_in_the_build_is_neither_deleted_nor_replaced(scene: Scene) -> None:
    """The list lacks it and it is a 404 besides: it may be anybody's, and what it serves goes on."""
    gone = own(scene, "/b.txt")
    (scene.stage.root / "public/b.txt").unlink()
    scene.edit(a_txt="changed")

    def lie(seen: Seen, truth: Truth) -> Outcome:
        reply = truth()
        if seen.path.endswith(f"/Assets/{gone}"):
            return json_reply({"code": 20404, "message": "gone", "status": 404}, 404)
        if kind_of(seen) != ASSETS:
            return reply
        page = json.loads(reply.body)
        page["assets"] = [each for each in page["assets"] if each["sid"] != gone]
        return replace(reply, body=json.dumps(page).encode())

    plan = scene.lying(lie, "plan", "--format", "json").holds(0).plan
    assert [each["path"] for each in plan["carried"]] == ["/b.txt", FOREIGN]
    assert plan["summary"]["delete"] == 0
    scene.lying(lie, *APPLY).holds(0)
    assert scene.stage.outside.visit("/b.txt").content == b"b"
    scene.edit(b_txt="ours again")
    refused = scene.lying(lie, *APPLY).holds(3, "--allow-replace=1")
    assert refused.writes == ()
    assert scene.stage.outside.visit("/b.txt").content == b"b"
    scene.converges()
    assert scene.stage.outside.visit("/b.txt").content == b"ours again"


def live_version(scene: Scene, answer: Document) -> str:
    """The Version that is served where the answer's is to be; its own where nothing is."""
    live = scene.stage.outside.live()
    assert live is not None
    return next((str(each["sid"]) for each in live["asset_versions"] if each["path"] == answer["path"]), answer["sid"])


POSTED: dict[str, tuple[str, Callable[[Document, Scene], object], int]] = {
    "the new Asset is a foreign one": (
        ASSETS,
        lambda it, scene: it.update(sid=next(iter(scene.foreign["assets"]))),
        0,
    ),
    "the new Asset bears another name": (ASSETS, lambda it, _: it.update(friendly_name="something else"), 0),
    "the Version is of a foreign Asset": (
        VERSIONS,
        lambda it, scene: it.update(asset_sid=next(iter(scene.foreign["assets"]))),
        1,
    ),
    "the Version is private": (VERSIONS, lambda it, _: it.update(visibility="private"), 1),
    "the Version is the one before": (VERSIONS, lambda it, scene: it.update(sid=live_version(scene, it)), 1),
    "the Build is the one before": (BUILDS, lambda it, scene: it.update(scene.stage.outside.live() or {}), 0),
    "the Build is of another Service": (BUILDS, lambda it, _: it.update(service_sid=sid("ZS")), 0),
    "the Deployment is of another Build": (DEPLOYMENTS, lambda it, _: it.update(build_sid=sid("ZB")), 0),
    "the status is another Build's": (STATUS, lambda it, _: it.update(sid=sid("ZB")), 1),
    "the Environment is another one now": (ENVIRONMENT, lambda it, _: it.update(sid=sid("ZE")), 1),
    "the name was written elsewhere": (f"{ASSETS}/*", lambda it, _: it.update(sid=sid("ZH")), 0),
}


@pytest.mark.parametrize("name", POSTED)
def test_an_answer_to_a_write_about_something_else_writes_nothing_wrong(scene: Scene, name: str) -> None:
    """Where a look tells what happened, the run goes on; else it ends, with the old content live."""
    place, change, code = POSTED[name]
    kind = place if name.startswith(("the status", "the Environment")) else f"POST {place.removeprefix('GET ')}"
    scene.edit(a_txt="changed", new_txt="new")
    before = scene.foreign

    ran = scene.lying(about(kind, lambda document: change(document, scene)), *APPLY)
    assert ran.code == code, ran.said
    assert scene.foreign == before
    assert not [each for each in ran.writes if each[0] == "DELETE"]
    outside = scene.stage.outside
    assert [outside.visit(path).content for path in ("/a.txt", "/b.txt", FOREIGN)] == [
        b"a" if code else b"changed",
        b"b",
        b"foreign",
    ]
    assert outside.visit("/new.txt").status_code == (404 if code else 200)
    scene.converges()


def test_a_new_environment_that_is_an_old_one_gets_nothing(scene: Scene) -> None:
    scene.stage.manifest(environments="  - name: production\n  - name: staging\n    suffix: stg\n")
    before = scene.stage.outside.live()
    production = scene.stage.outside.environment("production")
    ran = scene.lying(
        about(f"POST {ENVIRONMENTS.removeprefix('GET ')}", lambda it: it.update(production)), *APPLY, "-e", "staging"
    )
    assert scene.stage.outside.live() == before
    ran.holds(0)  # a look found the one that was made
    assert scene.stage.outside.environment("staging")["sid"] != production["sid"]
    assert set(scene.stage.outside.paths("staging")) == {"/a.txt", "/b.txt"}


# Names that look like our memory


def stranger(scene: Scene, path: str, name: str, content: bytes = b"a stranger's") -> str:
    """An Asset that somebody else made, live at a path, with a name like ours; its SID."""
    outside = scene.stage.outside
    version = outside.upload(path, content, name=name)
    build = outside.live()
    assert build is not None
    asset = next(each for each, said in outside.assets().items() if said == name and each != own(scene, "/a.txt"))
    functions = tuple(each["sid"] for each in build["function_versions"])
    outside.publish("production", version, *(each["sid"] for each in build["asset_versions"]), functions=functions)
    return asset


COPIES: dict[str, Callable[[str, str], str]] = {
    "copied": lambda name, _path: name,
    "copied and labelled with their path": lambda name, path: name.replace("/a.txt", path),
    "copied, their path, the entries in another order": lambda name, path: (
        " ".join((path, *name.split()[1:3], *reversed(name[:-1].split()[3:]))) + "]"
    ),
    "copied, their path, one entry alone": lambda name, path: " ".join((path, *name.rstrip("]").split()[1:4])) + "]",
    "copied and cut": lambda name, path: name.replace("/a.txt", path)[:-9] + "]",
    "copied, with an entry twice": lambda name, path: name.replace("/a.txt", path)[:-1] + f" {name[:-1].split()[-1]}]",
    "copied, with another owner": lambda name, path: name.replace("/a.txt", path).replace("website", "blog"),
    "copied, with bits that mean nothing": lambda name, path: name.replace("/a.txt", path)[:-2] + "_]",
    "copied, with blanks": lambda name, path: name.replace("/a.txt", path).replace(" ", "  "),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_name_copied_from_ours_and_edited_makes_nothing_ours(scene: Scene, name: str) -> None:
    """Once where nobody else wants the path, then where we do; and `gc` leaves it alone whatever its age."""
    scene.edit(a_txt="second")
    scene.run(*APPLY).holds(0)
    outside = scene.stage.outside
    memory = outside.assets()[own(scene, "/a.txt")]
    assert memory.count(":") == 2
    asset = stranger(scene, "/theirs.txt", COPIES[name](memory, "/theirs.txt"))
    theirs = outside.assets()[asset], outside.every(f"/Assets/{asset}/Versions")

    def untouched() -> bool:
        return theirs == (outside.assets()[asset], outside.every(f"/Assets/{asset}/Versions"))

    scene.edit(a_txt="third")
    scene.run(*APPLY).holds(0)
    assert outside.visit("/theirs.txt").content == b"a stranger's"
    scene.edit(theirs_txt="second", a_txt="a")  # contents that the copied name claims to have
    scene.run(*APPLY).holds(3, "--allow-takeover=1" if "owner" in name else "--allow-replace=1")
    scene.run(*APPLY, "--allow-replace", "--allow-takeover").holds(0)
    assert [outside.visit(path).content for path in ("/a.txt", "/theirs.txt")] == [b"a", b"second"]
    assert untouched()
    scene.lying(aged(), *GC).holds(0)
    assert untouched()
    note(SUITE, copied_names=1)


def test_more_than_a_name_is_needed_for_gc_to_delete(scene: Scene) -> None:
    """Ours that nothing holds goes when the service's clock says so; the stranger's with its copied name stays."""
    outside = scene.stage.outside
    mine = own(scene, "/b.txt")
    memory = outside.assets()[mine]
    copied = outside.upload("/copy.txt", b"theirs", name=memory)
    (scene.stage.root / "public/b.txt").unlink()
    scene.run(*APPLY).holds(0)
    with Trap() as trap:
        led_away = leading_to(VERSIONS, f"http://127.0.0.1:{trap.port}/v1/Services/x")
        ran = scene.lying(aged(led_away), *GC).holds(1, "the rest was not reached", "which is another host")
    assert trap.caught == []
    assert {path.split("/")[-2] for method, path in ran.writes if method == "DELETE"} == {"Builds"}
    scene.lying(aged(), *GC).holds(
        0, "Deleted 0 Builds, 1 Asset.", "it has none of the versions that its name tells of"
    )
    left = outside.assets()
    assert mine not in left
    assert list(left.values()).count(memory) == 1
    assert copied in {each["sid"] for asset in left for each in outside.every(f"/Assets/{asset}/Versions")}
