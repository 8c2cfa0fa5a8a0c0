"""The files and Functions of a Build, searched and in pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from assetsync.emulator.store import Row, Transaction

PAGE_SIZE: Final = 100

_IMAGES: Final = frozenset(
    {
        "image/apng",
        "image/avif",
        "image/bmp",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/svg+xml",
        "image/vnd.microsoft.icon",
        "image/webp",
        "image/x-icon",
    }
)
_LARGEST_THUMBNAIL: Final = 2 << 20


@dataclass(frozen=True, slots=True)
class File:
    """One Version, with its Asset's (or Function's) name."""

    version_sid: str
    item_sid: str
    service_sid: str
    kind: str
    path: str
    visibility: str
    content_type: str
    digest: str
    size: int
    created: int
    friendly_name: str

    @property
    def is_image(self) -> bool:
        """Whether a browser can show it and it is small enough to be shown in a list."""
        return self.media_type in _IMAGES and 0 < self.size <= _LARGEST_THUMBNAIL

    @property
    def media_type(self) -> str:
        return self.content_type.partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of those files that were searched for; found and size (bytes) are of all of these, total of all."""

    files: tuple[File, ...]
    found: int
    size: int
    total: int
    page: int


FILES: Final = "SELECT versions.*, friendly_name FROM versions JOIN items ON items.sid = item_sid"
_OF_BUILD: Final = (
    " FROM build_versions JOIN versions ON versions.sid = version_sid JOIN items ON items.sid = item_sid"
    " WHERE build_sid = ? AND versions.kind = 'asset'"
)
_COUNT: Final = "SELECT COUNT(*) AS found, COALESCE(SUM(size), 0) AS size"
_TOTAL: Final = (
    "SELECT COUNT(*) FROM build_versions JOIN versions ON versions.sid = version_sid"
    " WHERE build_sid = ? AND versions.kind = 'asset'"
)
_WORD: Final = " AND instr(lower(path || ' ' || visibility || ' ' || content_type || ' ' || friendly_name), ?) > 0"


def files_of_build(tx: Transaction, build_sid: str, words: tuple[str, ...], page: int) -> Listing:
    """The Assets of a Build whose path, visibility, content type or name has every one of the words."""
    where, values = _OF_BUILD + _WORD * len(words), (build_sid, *words)
    count = tx.one(_COUNT + where, *values)
    assert count is not None
    total = tx.number(_TOTAL, build_sid) if words else count["found"]
    rows = tx.all(
        f"{FILES} WHERE versions.seq IN (SELECT versions.seq{where} ORDER BY path, versions.seq LIMIT ? OFFSET ?)"
        " ORDER BY path, versions.seq",
        *values,
        PAGE_SIZE,
        (page - 1) * PAGE_SIZE,
    )
    return Listing(tuple(map(file_of, rows)), count["found"], count["size"], total, page)


def functions_of_build(tx: Transaction, build_sid: str, limit: int) -> tuple[File, ...]:
    rows = tx.all(
        f"{FILES} JOIN build_versions ON version_sid = versions.sid"
        " WHERE build_sid = ? AND versions.kind = 'function' ORDER BY path LIMIT ?",
        build_sid,
        limit,
    )
    return tuple(map(file_of, rows))


def file_by_version(tx: Transaction, version_sid: str) -> File | None:
    row = tx.one(f"{FILES} WHERE versions.sid = ?", version_sid)
    return None if row is None else file_of(row)


def file_of(row: Row) -> File:
    return File(
        version_sid=row["sid"],
        item_sid=row["item_sid"],
        service_sid=row["service_sid"],
        kind=row["kind"],
        path=row["path"],
        visibility=row["visibility"],
        content_type=row["content_type"],
        digest=row["digest"],
        size=row["size"],
        created=row["created"],
        friendly_name=row["friendly_name"],
    )
