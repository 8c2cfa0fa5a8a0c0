"""Where the local service of a state folder answers: `server.json`, written by the process that serves."""

from __future__ import annotations

import http.client
import json
import os
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pathlib import Path

LOOPBACK = "127.0.0.1"

_PROBE_TIMEOUT = 2.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where a local service answers, and the credentials that it takes. `site_url` has `{domain}` in it."""

    url: str
    account_sid: str
    auth_token: str = field(repr=False)

    @property
    def site_url(self) -> str:
        return f"http://{{domain}}:{urlsplit(self.url).port}"


def read_address(state_dir: Path) -> Address | None:
    """What `server.json` says, None where there is none or it is not whole."""
    try:
        value = json.loads(_address_file(state_dir).read_text(encoding="utf-8"))
        return Address(url=value["url"], account_sid=value["account_sid"], auth_token=value["auth_token"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def answers(address: Address) -> bool:
    """Whether a local service with this very account listens there."""
    place = urlsplit(address.url)
    connection = http.client.HTTPConnection(place.hostname or LOOPBACK, place.port, timeout=_PROBE_TIMEOUT)
    try:
        connection.request("GET", "/_emulator")
        return bool(json.loads(connection.getresponse().read())["account_sid"] == address.account_sid)
    except (OSError, http.client.HTTPException, ValueError, TypeError, KeyError):
        return False
    finally:
        connection.close()


def write_address(folder: Path, address: Address) -> None:
    """Atomically, and readable by the owner only: the auth token is in it."""
    value = {
        "pid": os.getpid(),
        "url": address.url,
        "account_sid": address.account_sid,
        "auth_token": address.auth_token,
    }
    draft = folder / f"server.{secrets.token_hex(8)}.tmp"
    with open(draft, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        json.dump(value, file)
    try:
        draft.replace(_address_file(folder))
    except OSError:
        draft.unlink()
        raise


def forget_address(folder: Path, address: Address) -> None:
    """Remove this process's own address; another one that has come in its place stays."""
    try:
        value = json.loads(_address_file(folder).read_text(encoding="utf-8"))
        is_own = (value["pid"], value["url"]) == (os.getpid(), address.url)
    except (OSError, ValueError, TypeError, KeyError):
        return
    if is_own:
        _address_file(folder).unlink(missing_ok=True)


def _address_file(folder: Path) -> Path:
    return folder / "server.json"
