"""The script tag in an HTML document, as pure functions on its bytes."""

from __future__ import annotations

import re
from typing import Final

_MARKUP: Final = re.compile(
    rb"<!--(?:-?>|.*?(?:--!?>|(?P<comment>\Z)))"
    rb"|<(script|style|textarea|title|xmp|iframe|noembed|noframes)(?=[\s/>]).*?(?:</\2(?=[\s/>])|(?P<text>\Z))"
    rb"|<plaintext(?=[\s/>]).*(?P<rest>\Z)"
    rb"|(?P<end></body\s*>)",
    re.IGNORECASE | re.DOTALL,
)
"""Comments and elements whose content is text, which may well tell of `</body>`, and the end of the body itself.

Whatever does not end goes on to the end of the document, so that no byte is looked at again and again.
"""

_UNENDED: Final = {"comment", "text", "rest"}

_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_CHARSET: Final = re.compile(r";\s*charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)


def is_html(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "text/html"


def with_tag(document: bytes, content_type: str, tag: bytes) -> bytes | None:
    """The document with the tag before the end of its body, else before what never ends, else at its very end.

    None where ASCII is not ASCII.
    """
    if document.startswith(_UTF_16) or not _has_ascii(content_type):
        return None
    place = len(document)
    for found in _MARKUP.finditer(document):
        if found["end"] or (found.lastgroup in _UNENDED and place == len(document)):
            place = found.start()
    return document[:place] + tag + document[place:]


def _has_ascii(content_type: str) -> bool:
    """Whether the declared charset, if it is one that is known, writes ASCII as ASCII does."""
    found = _CHARSET.search(content_type)
    try:
        return found is None or "</body>".encode(found[1]) == b"</body>"
    except (LookupError, ValueError):
        return True
