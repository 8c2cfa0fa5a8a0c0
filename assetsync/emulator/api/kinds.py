"""Assets and Functions are one resource twice, in different words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """noun: in messages and, with an `s`, in URLs; word: in the JSON keys; default_type: of uploads without a type."""

    noun: str
    word: str
    default_type: str

    @property
    def collection(self) -> str:
        return f"{self.noun}s"


ASSET: Final = Kind("Asset", "asset", "application/octet-stream")
FUNCTION: Final = Kind("Function", "function", "application/javascript")
