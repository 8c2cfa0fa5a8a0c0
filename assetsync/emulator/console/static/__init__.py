"""The style sheet, the script and the icon, read once. Their URLs change with their bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Final


@dataclass(frozen=True, slots=True)
class StaticFile:
    path: str
    content_type: str
    content: bytes
    url: str


def _static(name: str, content_type: str) -> StaticFile:
    content = (files(__name__) / name).read_bytes()
    path = f"/console/{name}"
    return StaticFile(path, content_type, content, f"{path}?v={hashlib.sha256(content).hexdigest()[:12]}")


STYLE: Final = _static("console.css", "text/css; charset=utf-8")
SCRIPT: Final = _static("console.js", "text/javascript; charset=utf-8")
ICON: Final = _static("icon.svg", "image/svg+xml")

STATIC: Final = {file.path: file for file in (STYLE, SCRIPT, ICON)}
