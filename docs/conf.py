"""The site: `python -m sphinx -W docs FOLDER`. Pages are Markdown that reads well without it, too."""

from __future__ import annotations

import os
import posixpath
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from assetsync import __version__  # noqa: E402
from scripts.reference_pages import made  # noqa: E402

project = "assetsync"
author = "the assetsync authors"
release = __version__
extensions = ["myst_parser"]
exclude_patterns = ["conf.py"]
html_theme = "furo"
html_title = f"assetsync {release}"
html_theme_options = {"navigation_with_keys": True, "top_of_page_buttons": []}
html_show_copyright = html_copy_source = False
smartquotes = False  # they would make one dash of the two of an option
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
suppress_warnings = ["misc.highlighting_failure"]  # transcripts, and JSON with `...` in it

REPOSITORY = os.environ.get("ASSETSYNC_REPOSITORY_URL", "https://github.com/your-organisation/assetsync/blob/main")
"""Where files are shown that are no pages of the site."""

_MADE = re.compile(r"<!-- made: (\w+) -->")
_LINK = re.compile(r"(\]\()((?!https?:|mailto:|#)[^)\s#]+)")


def read(app: Sphinx, name: str, source: list[str]) -> None:
    """What is made stands where it is named; a link to what is no page leads to the repository."""
    folder = posixpath.dirname(app.env.doc2path(name, base=False))

    def link(found: re.Match[str]) -> str:
        place = posixpath.normpath(posixpath.join("docs", folder, found[2]))
        is_ours = (place.startswith("docs/") and place.endswith(".md")) or place.endswith((".svg", ".png"))
        if not (ROOT / place).exists():
            raise ValueError(f"{name}: {found[2]} leads nowhere")
        return found[0] if is_ours else f"{found[1]}{REPOSITORY}/{place}"

    text = _LINK.sub(link, source[0])
    source[0] = _MADE.sub(lambda found: made(found[1]), text)


def setup(app: Sphinx) -> None:
    """Sphinx calls this."""
    app.connect("source-read", read)
