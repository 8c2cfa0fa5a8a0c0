"""Laws of the friendly name, against a writer of its own that knows only the format."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from hypothesis import example, given
from hypothesis import strategies as st

from assetsync.twilio.memory import Entry, Memory, label_of, parse, room, write

PATHS = st.text("abz019-_.~!*=%/", max_size=254).map(lambda rest: f"/{rest}")
LONG_PATHS = st.integers(150, 255).map(lambda length: "/" + "p" * (length - 1))
OWNERS = st.text("abz019-", min_size=1, max_size=32)


def hexes(digits: int) -> st.SearchStrategy[str]:
    return st.binary(min_size=digits // 2, max_size=digits // 2).map(bytes.hex)


ENTRIES = st.builds(Entry, hexes(32), hexes(24), hexes(6), hexes(32).map("ZN{}".format))
LISTS = st.lists(ENTRIES, max_size=5)
NAMES = st.builds(write, PATHS | LONG_PATHS, OWNERS, LISTS)


def spelled(label: str, owner: str, entries: list[Entry]) -> str:
    """The format as it is documented, written a second time."""

    def b64(hex_digits: str) -> str:
        return urlsafe_b64encode(bytes.fromhex(hex_digits)).decode().rstrip("=")

    words = [f"{b64(e.digest)}{b64(e.sha256)}{b64(e.type_tag)}:{b64(e.version_sid[2:])}" for e in entries]
    return f"{label} [{' '.join(['as1', owner, *words])}]"


@given(PATHS | LONG_PATHS, OWNERS, LISTS)
@example("/" + "p" * 254, "o" * 32, [])
def test_what_is_written_is_what_the_format_says_and_reads_back(path: str, owner: str, entries: list[Entry]) -> None:
    once = list({each.version_sid: each for each in reversed(entries)}.values())[::-1]
    once = sorted(once, key=entries.index)
    fits = max(n for n in range(len(once) + 1) if n <= 1 or len(spelled(path, owner, once[:n])) <= 255)
    name = write(path, owner, entries)
    assert len(name) <= 255
    if len(spelled(path, owner, [Entry("0" * 32, "0" * 24, "0" * 6, "ZN" + "0" * 32)])) <= 255:
        assert name == spelled(path, owner, once[:fits])
        assert parse(name) == Memory(path, owner, tuple(once[:fits]))
    else:
        assert parse(name) == Memory(label_of(path, owner), owner, tuple(once[:1]))
        assert label_of(path, owner)[:-17] == path[: len(label_of(path, owner)) - 17]


@given(st.integers(1, 255), st.integers(1, 32))
def test_there_is_room_for_at_least_one_entry_and_never_for_one_more(length: int, owner_length: int) -> None:
    path, owner = "/" + "p" * (length - 1), "o" * owner_length
    frame = len(" [as1 ]") + owner_length
    assert room(path, owner) == max(1, (255 - length - frame) // 66)


@given(NAMES, st.data())
def test_one_changed_character_is_noticed_or_is_another_name_of_ours(name: str, data: st.DataObject) -> None:
    """What parses is written again to the very same characters: there is one spelling of each memory."""
    at = data.draw(st.integers(0, len(name) - 1))
    new = data.draw(st.sampled_from("aAzZ09-_ :#]/[=+\n\tés") | st.characters())
    edit = data.draw(st.sampled_from(["replace", "insert", "delete"]))
    tail = name[at:] if edit == "insert" else name[at + 1 :]
    mutated = name[:at] + ("" if edit == "delete" else new) + tail
    found = parse(mutated)
    if found is not None:
        assert write(found.label, found.owner, found.entries) == mutated


@given(st.text(max_size=300) | st.text("/a#0 []as1:ABCw_-", max_size=300))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    found = parse(text)
    assert found is None or write(found.label, found.owner, found.entries) == text


@given(NAMES, NAMES)
def test_two_names_never_run_into_one(first: str, second: str) -> None:
    assert parse(first + second) is None
    assert parse(f"{first} {second}") is None
