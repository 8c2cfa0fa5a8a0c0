"""Assets and Functions with their Versions: also those that no Build serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from assetsync.emulator.console.files import FILES, File, file_of

if TYPE_CHECKING:
    from assetsync.emulator.store import Row, Transaction

PAGE_SIZE: Final = 100


@dataclass(frozen=True, slots=True)
class Item:
    """kind: `asset` or `function`; versions: how many; builds: how many hold one of them."""

    sid: str
    service_sid: str
    kind: str
    friendly_name: str
    created: int
    updated: int
    versions: int
    builds: int


_ITEMS: Final = (
    "SELECT *, (SELECT COUNT(*) FROM versions WHERE item_sid = items.sid) AS versions,"
    " (SELECT COUNT(DISTINCT build_sid) FROM versions JOIN build_versions ON version_sid = versions.sid"
    "  WHERE item_sid = items.sid) AS builds"
    " FROM items"
)
_COUNT: Final = "SELECT COUNT(*) FROM items"
_OF_SERVICE: Final = " WHERE service_sid = ? AND kind = ?"
_WORD: Final = " AND instr(lower(friendly_name || ' ' || sid), ?) > 0"


def items(tx: Transaction, service_sid: str, kind: str, words: tuple[str, ...], page: int) -> tuple[Item, ...]:
    """By name, those whose name or SID has every one of the words."""
    rows = tx.all(
        f"{_ITEMS}{_OF_SERVICE}{_WORD * len(words)} ORDER BY friendly_name, seq LIMIT ? OFFSET ?",
        service_sid,
        kind,
        *words,
        PAGE_SIZE,
        (page - 1) * PAGE_SIZE,
    )
    return tuple(map(_item, rows))


def count_items(tx: Transaction, service_sid: str, kind: str, words: tuple[str, ...] = ()) -> int:
    return tx.number(_COUNT + _OF_SERVICE + _WORD * len(words), service_sid, kind, *words)


def item(tx: Transaction, sid: str) -> Item | None:
    row = tx.one(f"{_ITEMS} WHERE sid = ?", sid)
    return None if row is None else _item(row)


def versions_of(tx: Transaction, item_sid: str, limit: int) -> tuple[File, ...]:
    """Newest first."""
    return tuple(
        map(file_of, tx.all(f"{FILES} WHERE item_sid = ? ORDER BY versions.seq DESC LIMIT ?", item_sid, limit))
    )


def _item(row: Row) -> Item:
    return Item(
        sid=row["sid"],
        service_sid=row["service_sid"],
        kind=row["kind"],
        friendly_name=row["friendly_name"],
        created=row["created"],
        updated=row["updated"],
        versions=row["versions"],
        builds=row["builds"],
    )
