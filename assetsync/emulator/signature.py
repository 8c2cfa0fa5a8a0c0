"""`X-Twilio-Signature` for GET requests (F8.8): base64 of HMAC-SHA1 over the full URL with the auth token."""

from __future__ import annotations

import base64
import hashlib
import hmac


def sign(url: str, auth_token: str) -> str:
    digest = hmac.new(auth_token.encode(), url.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode("ascii")


def is_signed(signature: str, host: str, path_and_query: str, auth_token: str) -> bool:
    """Whether the signature fits the URL on the host, by either scheme, with and without a port."""
    given = signature.encode()
    return any(
        hmac.compare_digest(given, sign(f"{origin}{path_and_query}", auth_token).encode()) for origin in _origins(host)
    )


def _origins(host: str) -> list[str]:
    bare = without_port(host)
    named = [f"{scheme}://{name}" for scheme in ("http", "https") for name in dict.fromkeys((host, bare))]
    return [*named, f"http://{bare}:80", f"https://{bare}:443"]


def without_port(host: str) -> str:
    """The name in a `Host` header, which may be a bracketed IPv6 address."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
