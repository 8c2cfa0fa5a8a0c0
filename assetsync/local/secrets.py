"""Files that look like secrets, by name and by content.

A phrase says why; the guard that refuses to serve them stands in the safety stage. A private file is no leak, and a
rule may say `allow_secret: true`.
"""

from __future__ import annotations

import re
from typing import Final

from stringzilla import find

# So much of a file is looked at for credentials in JSON; a private key is looked for in all of it.
SNIFFED_BYTES: Final = 64 * 1024
# Goes up whenever `secret_content` changes its mind, so that remembered verdicts are dropped.
SNIFF_VERSION: Final = 2

# A name in lower case, and why it looks like a secret.
_NAMES: Final = (
    (r"\.env(?!\.(?:example|sample|template)$).*", "an environment file, by its name"),
    (r"\.npmrc", "npm credentials, by its name"),
    (r"\.netrc", "login credentials, by its name"),
    (r"id_(?:rsa|dsa|ecdsa|ed25519)", "an SSH private key, by its name"),
    (r".*\.key", "a private key, by its name"),
    (r".*\.(?:p12|pfx)", "a key store, by its name"),
)
_ANY_NAME: Final = re.compile("|".join(f"({pattern})" for pattern, _ in _NAMES), re.DOTALL)
_PRIVATE_KEY: Final = re.compile(rb"-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_MARK: Final = b"PRIVATE KEY"
# Without its last byte it stands in both byte orders of UTF-16.
_WIDE_MARK: Final = _MARK.decode().encode("utf-16-le")[:-1]
SAYS_PRIVATE_KEY: Final = "its content says PRIVATE KEY"
# What a search has to see again of the bytes before, so that no key slips between two reads.
OVERLAP: Final = 128
_SERVICE_ACCOUNT: Final = re.compile(rb'"type"\s*:\s*"service_account"')


def secret_name(name: str) -> str | None:
    """Why a base name looks like that of a secret; None where it does not."""
    found = _ANY_NAME.fullmatch(name.lower())
    return _NAMES[found.lastindex - 1][1] if found and found.lastindex else None


def secret_content(beginning: bytes) -> str | None:
    """Why the first SNIFFED_BYTES bytes look like a secret; None where they do not."""
    if says_private_key(beginning):
        return SAYS_PRIVATE_KEY
    if beginning.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")) and _SERVICE_ACCOUNT.search(beginning):
        return "its content is a service account's credentials"
    return None


def says_private_key(content: bytes) -> bool:
    """Whether the bytes hold the head of a private key in PEM, or the words in UTF-16."""
    if find(content, _WIDE_MARK) >= 0:
        return True
    return find(content, _MARK) >= 0 and _PRIVATE_KEY.search(content) is not None
