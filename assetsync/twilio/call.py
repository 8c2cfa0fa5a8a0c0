"""One request as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

if TYPE_CHECKING:
    from assetsync.twilio.multipart import Multipart

Document = dict[str, object]
"""The JSON object that answers a call."""


@dataclass(frozen=True, slots=True)
class Call:
    """`operation` is a phrase for the user such as `create Build`; a POST carries `form` or `upload`."""

    operation: str
    method: Literal["GET", "POST", "DELETE"]
    url: str
    form: tuple[tuple[str, str], ...] = ()
    upload: Multipart | None = None

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice does no harm (F9.6)."""
        return self.method != "POST" or self.upload is not None

    @property
    def headers(self) -> dict[str, str]:
        """What describes the body."""
        if self.upload is not None:
            return {"Content-Type": self.upload.content_type, "Content-Length": str(self.upload.size)}
        return {"Content-Type": "application/x-www-form-urlencoded"} if self.method == "POST" else {}

    @property
    def encoded_form(self) -> bytes:
        return urlencode(self.form, errors="replace").encode("ascii")
