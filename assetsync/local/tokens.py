"""The Serverless Toolkit's `.private.` and `.protected.` in file names, read so that nothing slips out (F2.10).

The Toolkit takes the token only directly before the last extension and makes everything else public, among it
`secret.private`, `x.private.tar.gz` and `a.PRIVATE.js`. Here whatever bears the token and does not fit that strict form
is an error.
"""

from __future__ import annotations

import re
from typing import Final

from assetsync.model import Visibility

_TOKEN: Final = re.compile(r"\.(?:private|protected)(?=\.|$)", re.IGNORECASE)
_STRICT: Final = re.compile(r"(?P<stem>.+)\.(?P<token>private|protected)(?P<extension>\.[^.]+)", re.DOTALL)


def bears_token(name: str) -> bool:
    """Whether a file or folder name has the token anywhere, in whatever case."""
    return _TOKEN.search(name) is not None


def split_token(name: str) -> tuple[str, Visibility | None] | None:
    """The file name without its token and what the token says; None where a token does not fit the strict form."""
    if not bears_token(name):
        return name, None
    strict = _STRICT.fullmatch(name)
    if strict is None or bears_token(strict["stem"]) or bears_token(strict["extension"]):
        return None
    return strict["stem"] + strict["extension"], Visibility(strict["token"])
