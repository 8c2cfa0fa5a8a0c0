"""The signature with which Twilio asks for what is protected (F8.8)."""

from __future__ import annotations

import base64
import hashlib
import hmac

HEADER = "X-Twilio-Signature"


def signature(url: str, auth_token: str) -> str:
    """For a GET of `url`, whole as it is asked for. Only the account's primary Auth Token signs, no API key."""
    return base64.b64encode(hmac.new(auth_token.encode(), url.encode(), hashlib.sha1).digest()).decode("ascii")
