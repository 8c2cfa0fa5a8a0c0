"""Basic authentication (F10.1): the account's SID and token, or an API key and its secret."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assetsync.emulator.settings import Account, ApiKey


def is_known(authorization: str, account: Account, keys: tuple[ApiKey, ...]) -> bool:
    """Whether an `Authorization` header bears one of the accepted pairs."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return False
    pairs = [(account.sid, account.auth_token), *((key.sid, key.secret) for key in keys)]
    return any(hmac.compare_digest(given, f"{user}:{password}".encode()) for user, password in pairs)
