"""Whom the pages are for: browsers that addressed this machine, not a foreign name that was bent to it.

A page from elsewhere can have its own name resolve to 127.0.0.1 (DNS rebinding) and would then read the console as
its own. It cannot choose the `Host` header, which names it.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address

from assetsync.emulator.signature import without_port


@lru_cache(maxsize=64)
def is_served_here(host: str, server: tuple[str, int | None] | None) -> bool:
    """Whether a `Host` header names the address that the connection came to, `server`.

    On loopback it must be `localhost` or a loopback address, with the port. Where the service was told to listen
    elsewhere, ports and addresses may be translated on the way, so any address will do; no other name ever does.
    """
    name = without_port(host)
    port = host.removeprefix(name).removeprefix(":") or "80"
    if not (name.lower() == "localhost" or _is_address(name)):
        return False
    if server is None or not is_loopback(server[0]):
        return True
    return is_loopback(name) and port == str(server[1])


def is_loopback(name: str) -> bool:
    bare = name.strip("[]")
    return bare.lower() == "localhost" or (_is_address(bare) and ip_address(bare).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
