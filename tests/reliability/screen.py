"""What may stand on a screen: text, line by line, and nothing that a terminal would obey."""

from __future__ import annotations

ODD = (
    "",
    "../../Services",
    "..%2f..%2fBuilds",
    "/v1/Services?x=",
    "ZH\x00",
    "\x1b[2J\x1b]0;owned\x07",
    "\u202egnp.exe",
    "one\r\nAuthorization: two",
    "\x9b2J\x85",
    "\ud800",
    "Z" * 10_000,
    "\uff3a\uff28\uff11",
    "ZH" + "\u0660" * 32,
    "ZH" + "0" * 32 + "\n",
    "[bold red]x[/] {domain} %s",
    "| `x` @someone <img src=x>",
)
"""What no honest answer holds: ways out of a path, things that a terminal obeys, Markdown, much too much."""


def foul(said: str) -> list[str]:
    """The lines in which something is that is neither a printable character nor the line's end."""
    return [line for line in said.split("\n") if not line.isprintable()]
