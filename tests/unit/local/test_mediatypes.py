"""One table from names to content types."""

from __future__ import annotations

import re

import pytest

from assetsync.local.mediatypes import _BY_EXTENSION, _TABLE, UNKNOWN, is_text, media_type, with_charset


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("index.html", "text/html"),
        ("APP.JS", "text/javascript"),
        ("m.mjs", "text/javascript"),
        ("app.js.map", "application/json"),
        ("icon.svg", "image/svg+xml"),
        ("site.webmanifest", "application/manifest+json"),
        ("code.wasm", "application/wasm"),
        ("f.woff2", "font/woff2"),
        ("hello.mp3", "audio/mpeg"),
        ("hello.WAV", "audio/wav"),
        ("hello.ulaw", "audio/ulaw"),
        ("a.tar.gz", "application/gzip"),
        ("apple-app-site-association", "application/json"),
        ("LICENSE", UNKNOWN),
        (".html", UNKNOWN),
        ("name.", UNKNOWN),
        ("a.nonesuch", UNKNOWN),
    ],
)
def test_the_type_comes_from_the_name(name: str, expected: str) -> None:
    assert media_type(name) == expected


def test_the_table_is_large_and_well_formed() -> None:
    """Every type is a type, every extension is lower case and stands there once."""
    assert len(_BY_EXTENSION) >= 150
    extensions = [extension for row in _TABLE.strip().splitlines() for extension in row.split()[1:]]
    assert sorted(extensions) == sorted(_BY_EXTENSION)
    assert all(extension == extension.lower() and "." not in extension for extension in extensions)
    assert all(re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", content_type) for content_type in _BY_EXTENSION.values())


@pytest.mark.parametrize(
    ("content_type", "charset", "expected"),
    [
        ("text/html", "utf-8", "text/html; charset=utf-8"),
        ("application/json", "utf-8", "application/json; charset=utf-8"),
        ("image/svg+xml", "utf-8", "image/svg+xml; charset=utf-8"),
        ("Text/HTML", "utf-8", "Text/HTML; charset=utf-8"),
        ("text/html; charset=latin1", "utf-8", "text/html; charset=latin1"),
        ("image/png", "utf-8", "image/png"),
        ("text/html", None, "text/html"),
    ],
)
def test_a_charset_is_added_to_text_without_a_parameter(content_type: str, charset: str | None, expected: str) -> None:
    assert with_charset(content_type, charset) == expected


def test_binary_formats_are_no_text() -> None:
    assert not any(is_text(media_type(name)) for name in ("a.png", "a.wasm", "a.mp3", "a.pdf", "a.bin", "a.docx"))
