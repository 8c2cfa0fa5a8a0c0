"""What is left out unless a `!pattern` brings it back."""

from __future__ import annotations

from typing import Final

IGNORE_FILE: Final = ".assetsyncignore"
PLAN_FILES: Final = "*.assetsync-plan.json"
UNDO_FILES: Final = "*.assetsync-undo.json"

# In gitignore syntax and order: the last one that matches decides.
DEFAULT_EXCLUDES: Final = (
    ".*",  # dot files and dot folders
    "!.well-known/",  # RFC 8615: certificates, app links, security.txt
    # version control
    ".git",
    ".hg",
    ".svn",
    ".bzr",
    ".jj",
    "CVS/",
    "_darcs/",
    # packages
    "node_modules/",
    # operating systems
    ".DS_Store",
    "._*",
    "__MACOSX/",
    "Icon\r",
    "[Tt]humbs.db",
    "ehthumbs.db",
    "[Dd]esktop.ini",
    "$RECYCLE.BIN/",
    "System Volume Information/",
    "lost+found/",
    # editors
    "*~",
    "*.swp",
    "*.swo",
    "\\#*#",
    # our own
    IGNORE_FILE,
    PLAN_FILES,
    UNDO_FILES,
)
