"""httpx as a library. Its package imports its command line too, whose rich and pygments take as long as all the rest.

That is imported where it can be, and done without where it cannot (https://github.com/encode/httpx, `__init__.py`).
"""

from __future__ import annotations

import sys

_COMMAND_LINE = "httpx._main"

if "httpx" in sys.modules:
    import httpx
else:
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment] # what says that a module cannot be imported
    try:
        import httpx
    finally:
        del sys.modules[_COMMAND_LINE]

__all__ = ["httpx"]
