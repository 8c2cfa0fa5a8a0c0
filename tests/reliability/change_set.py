"""A site before and after a change of 40 files, with everything that can become of a file in it.

The states are told by hand, not by assetsync: what a visitor gets at each path, before and after.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tests.cli.stage import Outside

SERVICE = "shop"
ENVIRONMENT = "production"
FUNCTION = "/hello"
CONSENTS = ("--allow-deletes", "--allow-replace")
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "txt": "text/plain", "bin": "application/x-1"}
"""What the files below are served as; the manifest makes `bin` what it is here."""

WRITES = {"asset": 12, "version": 30, "name": 30, "build": 1, "deployment": 1}
"""What the change writes: an Asset for each created or replaced path, a Version and a name for each file sent."""

_ENDINGS = ("html", "css", "js", "txt")


def _files(folder: str, count: int, state: str) -> dict[str, bytes]:
    names = [f"{folder}/{number}.{_ENDINGS[number % len(_ENDINGS)]}" for number in range(count)]
    return {name: f"{name} {state}\n".encode() * (1 + 40 * number) for number, name in enumerate(names)}


_KEPT = _files("kept", 4, "always") | {"guarded/kept.txt": b"for those who may"}
_RENAMED = {f"is/{number}.txt": f"the text {number} that moves".encode() * 20 for number in range(6)}
_TURNED = _files("turned", 2, "the same, for others") | _files("typed", 2, "the same, as something else")
_DESIRED_AND_FOREIGN = _files("theirs", 4, "ours")

OLDER = _files("back", 6, "first")
"""What was there before the state before: its Versions still exist."""

OLD = (
    _KEPT
    | _TURNED
    | _files("edited", 8, "old")
    | _files("back", 6, "second")
    | {name.replace("is/", "was/"): content for name, content in _RENAMED.items()}
    | _files("gone", 4, "old")
)
NEW = (
    _KEPT
    | _TURNED
    | _files("edited", 7, "new")
    | {"edited/7.txt": bytes(range(256)) * 1200}
    | _files("back", 6, "first")
    | _RENAMED
    | _files("created", 7, "new")
    | {"created/data.bin": b"\x00"}
    | _DESIRED_AND_FOREIGN
)
FOREIGN = {f"/{name}": f"foreign {name}".encode() for name in _DESIRED_AND_FOREIGN} | {
    "/foreign.txt": b"of another tool",
    "/images/foreign.txt": b"of another tool too",
}
"""Public ones by path; a private one and a Function are beside them."""

_TYPE_RULES = "      - match: '*.bin'\n        content_type: application/x-1\n"
_GUARDED = "      - match: guarded/**\n        visibility: protected\n"
_MORE_RULES = (
    "      - match: turned/**\n        visibility: protected\n"
    "      - match: typed/**\n        content_type: text/x-other\n"
)
OLD_RULES = f"    rules:\n{_TYPE_RULES}{_GUARDED}"
NEW_RULES = f"{OLD_RULES}{_MORE_RULES}"

CHANGED = {f"/{name}" for name in (NEW.keys() | OLD.keys()) if OLD.get(name) != NEW.get(name)} | {
    f"/{name}" for name in _TURNED
}
"""Every path at which something is to change."""

SENT = CHANGED - {f"/{name}" for name in OLDER} - {f"/{name}" for name in OLD.keys() - NEW.keys()}
"""Every path whose file has to be uploaded."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a visitor gets; the content and its type of a 200 only."""

    status: int
    content: bytes = b""
    content_type: str = ""


NOT_THERE, FORBIDDEN, NOT_RUN = Page(404), Page(403), Page(501)
Site = dict[str, Page]
"""Pages by path; `signed /path` is what one with a signature gets where others get nothing."""

PROTECTED = {f"/{name}" for name in ("guarded/kept.txt", *_files("turned", 2, ""))}


def old_site() -> Site:
    return _site(OLD, {"guarded/"}, {}, FOREIGN)


def new_site() -> Site:
    ours = {f"/{name}" for name in NEW}
    foreign = {path: content for path, content in FOREIGN.items() if path not in ours}
    return _site(NEW, {"guarded/", "turned/"}, {"typed/": "text/x-other"}, foreign)


def _site(
    files: Mapping[str, bytes], protected: set[str], types: Mapping[str, str], foreign: Mapping[str, bytes]
) -> Site:
    site: Site = {f"/{name}": NOT_THERE for name in OLD.keys() | NEW.keys()}
    site |= {path: Page(200, content, "text/plain") for path, content in foreign.items()}
    for name, content in files.items():
        folder = name.partition("/")[0] + "/"
        page = Page(200, content, types.get(folder, TYPES[name.rpartition(".")[2]]))
        if folder in protected:
            site |= {f"/{name}": FORBIDDEN, f"signed /{name}": page}
        else:
            site[f"/{name}"] = page
    for path in PROTECTED:
        site.setdefault(f"signed {path}", site[path])
    return site | {FUNCTION: NOT_RUN, "/private.txt": FORBIDDEN, "/": NOT_THERE}


def visit(outside: Outside, keys: Iterable[str]) -> Site:
    """The site as it is served now, at the paths of a `Site`."""
    emulator = outside.emulator
    host = f"{outside.environment(ENVIRONMENT)['domain_name']}:{emulator.port}"
    token = emulator.core.account.auth_token
    with httpx.Client(trust_env=False, timeout=30, headers={"Host": host}) as visitor:

        def page(key: str) -> Page:
            signed, _, path = key.rpartition(" ")
            digest = hmac.new(token.encode(), f"http://{host}{path}".encode(), hashlib.sha1).digest()
            headers = {"X-Twilio-Signature": base64.b64encode(digest).decode()} if signed else {}
            answer = visitor.get(f"{emulator.url}{path}", headers=headers)
            if answer.status_code != 200:
                return Page(answer.status_code)
            return Page(200, answer.content, answer.headers["Content-Type"])

        return {key: page(key) for key in keys}


def write(folder: Path, files: Mapping[str, bytes], older: Iterable[str] = ()) -> None:
    """Make the folder hold these files and, of the `older` ones, none besides."""
    for name in older:
        if name not in files:
            (folder / name).unlink()
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
