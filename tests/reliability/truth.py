"""Does each friendly name of ours tell the truth? Asked of the bytes that a visitor gets, with a reader of its own."""

from __future__ import annotations

import hashlib
import itertools
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import xxhash

from tests.laws.oracle import read_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from tests.cli.stage import Outside, Ran, Stage

_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a name says of a Version, or what is true of it: digests in hex, as much of them as a name keeps."""

    xxh3: str
    sha256: str
    type_tag: str

    @classmethod
    def told(cls, entry: str) -> Self:
        """From an entry such as `<22 + 16 + 4 characters>:<Version>`."""
        digest, sha256, tag = (
            urlsafe_b64decode(text + "==").hex() for text in (entry[:22], entry[22:38], entry[38:42])
        )
        return cls(digest, sha256, tag)

    @classmethod
    def seen(cls, answer: httpx.Response) -> Self:
        tag = xxhash.xxh3_64_hexdigest(answer.headers["Content-Type"].encode())[:6]
        content = answer.content
        return cls(xxhash.xxh3_128_hexdigest(content), hashlib.sha256(content).hexdigest()[:24], tag)


def served(stage: Stage) -> dict[str, bytes]:
    """What a visitor gets at each path that is live, by file name."""
    return {path.removeprefix("/"): stage.outside.visit(path).content for path in stage.outside.paths()}


def check(stage: Stage, ran: Ran, expected: Mapping[str, bytes]) -> None:
    """Just this is served, no name lies, and the run did not meet a mistake of its own."""
    assert "internal error" not in ran.said
    assert served(stage) == expected
    check_names(stage.outside)


def check_at_rest(stage: Stage) -> None:
    """Nothing is pending."""
    assert stage.run("plan", "--detailed-exitcode", "--format", "json").holds(0).plan["actions"] == []


def uploads(ran: Ran) -> int:
    """How many files were sent."""
    return sum(path.endswith("/Versions") for _, path in ran.writes)


def check_names(outside: Outside) -> int:
    """Fail where a name tells of a Version something else than what a site serves for it; how many were looked at.

    Each public Version is put on line alone, in an Environment that is gone afterwards.
    """
    checked = 0
    for asset, name in outside.assets().items():
        memory = read_name(name)
        if memory is None:
            continue
        entries = name.partition("[")[2].rstrip("]").split()[2:]
        for entry, version in zip(entries, memory[2], strict=True):
            found = next((each for each in outside.every(f"/Assets/{asset}/Versions") if each["sid"] == version), None)
            if found is not None:
                assert Facts.told(entry) == _served(outside, version, found["path"]), f"{name} lies about {version}"
                checked += 1
    return checked


def _served(outside: Outside, version: str, path: str) -> Facts:
    name = f"probe-{next(_NUMBERS)}"
    outside.new_environment(name, name)
    build = outside.publish(name, version)
    try:
        answer = outside.visit(path, name)
        assert answer.status_code == 200, (path, answer.status_code)
        return Facts.seen(answer)
    finally:
        outside.delete(f"/Environments/{outside.environment(name)['sid']}")
        outside.delete(f"/Builds/{build}")
