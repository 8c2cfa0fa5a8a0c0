"""Laws of the friendly name, against a writer of its own that knows only the format."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from typing import TYPE_CHECKING

import xxhash
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assetsync.twilio.memory import Entry, Memory, label_of, parse, room, room_for_marks, write

if TYPE_CHECKING:
    from collections.abc import Sequence

PATHS = st.text("abz019-_.~!*=%/", max_size=254).map(lambda rest: f"/{rest}")
LONG_PATHS = st.integers(150, 255).map(lambda length: "/" + "p" * (length - 1))
OWNERS = st.text("abz019-", min_size=1, max_size=32)


def hexes(digits: int) -> st.SearchStrategy[str]:
    return st.binary(min_size=digits // 2, max_size=digits // 2).map(bytes.hex)


ENTRIES = st.builds(Entry, hexes(32), hexes(24), hexes(6), hexes(32).map("ZN{}".format))
LISTS = st.lists(ENTRIES, max_size=5)
MARKS = st.lists(st.text("azAZ09_-", min_size=4, max_size=4), max_size=6)
NAMES = st.builds(write, PATHS | LONG_PATHS, OWNERS, LISTS) | st.builds(write, PATHS, OWNERS, LISTS, MARKS)


def spelled(label: str, owner: str, entries: list[Entry], marks: Sequence[str] = ()) -> str:
    """The format as it is documented, written a second time."""

    def b64(hex_digits: str) -> str:
        return urlsafe_b64encode(bytes.fromhex(hex_digits)).decode().rstrip("=")

    words = [f"{b64(e.digest)}{b64(e.sha256)}{b64(e.type_tag)}:{b64(e.version_sid[2:])}" for e in entries]
    return f"{label} [{' '.join(['as1', owner, *[f'~{mark}' for mark in marks], *words])}]"


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


@given(PATHS | LONG_PATHS, OWNERS, LISTS, MARKS)
def test_marks_stand_before_the_entries_where_there_is_room(
    path: str, owner: str, entries: list[Entry], marks: list[str]
) -> None:
    """Room is where one entry stands beside them; four at most."""
    nothing, label = Entry("0" * 32, "0" * 24, "0" * 6, "ZN" + "0" * 32), label_of(path, owner)
    most = max(n for n in range(5) if n == 0 or len(spelled(label, owner, [nothing], ["0000"] * n)) <= 255)
    assert room_for_marks(path, owner) == most
    name = write(path, owner, entries, marks)
    found = parse(name)
    assert len(name) <= 255
    assert found is not None
    assert found.marks == tuple(dict.fromkeys(marks))[:most]
    assert name == spelled(label, owner, list(found.entries), found.marks)
    assert found.entries[:1] == tuple(entries[:1])


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
        assert write(found.label, found.owner, found.entries, found.marks) == mutated


@given(st.text(max_size=300) | st.text("/a#0 []as1:ABCw_-", max_size=300))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    found = parse(text)
    assert found is None or write(found.label, found.owner, found.entries, found.marks) == text


@given(NAMES, NAMES)
def test_two_names_never_run_into_one(first: str, second: str) -> None:
    assert parse(first + second) is None
    assert parse(f"{first} {second}") is None


def read_by_hand(name: str) -> Memory | None:
    """The reader once more, without any pattern: by what the documented format says, character by character."""
    letters = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    label, frame, rest = name.partition(" [as1 ")
    if len(name) > 255 or not frame or not rest.endswith("]") or not label.startswith("/"):
        return None
    owner, *texts = rest[:-1].split(" ")
    marks: list[str] = []
    while texts and len(texts[0]) == 5 and texts[0][0] == "~" and set(texts[0][1:]) <= letters:
        marks.append(texts.pop(0)[1:])
    if len(marks) > 4 or len(set(marks)) != len(marks):
        return None
    longest = 255 - 66 - len(f" [as1 {owner}]")
    head, mark, digits = label.partition("#")
    whole = not mark and set(label) <= letters | set(".~!*=/%") and len(label) <= longest
    cut = mark and set(head) <= letters | set(".~!*=/%") and set(digits) <= set("0123456789abcdef")
    if not (whole or (cut and len(digits) == 16 and len(label) == longest)):
        return None
    if not 1 <= len(owner) <= 32 or not set(owner) <= set("abcdefghijklmnopqrstuvwxyz0123456789-"):
        return None
    entries = [read_entry(text) for text in texts if set(text) <= letters | {":"}]
    known = [each for each in entries if each is not None]
    if len(known) != len(texts) or len({each.version_sid for each in known}) != len(known):
        return None
    return Memory(label, owner, tuple(known), tuple(marks))


def read_entry(text: str) -> Entry | None:
    """Of one spelling only: the last character of a group has bits that mean nothing, and these must be zero."""
    if len(text) != 65 or text[42] != ":" or ":" in text[:42] + text[43:]:
        return None
    groups = (text[:22], text[22:38], text[38:42], text[43:])
    digest, sha256, tag, version = (urlsafe_b64decode(group + "=" * (-len(group) % 4)) for group in groups)
    if any(
        urlsafe_b64encode(raw).decode().rstrip("=") != group
        for raw, group in zip((digest, sha256, tag, version), groups, strict=True)
    ):
        return None
    return Entry(digest.hex(), sha256.hex(), tag.hex(), f"ZN{version.hex()}")


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Bytes of one or two names of ours, some exchanged, left out, put in, doubled or torn off, read as some text."""
    raw = bytearray(draw(NAMES).encode())
    if draw(st.booleans()):
        other = draw(NAMES).encode()
        raw = raw[: draw(st.integers(0, len(raw)))] + other[draw(st.integers(0, len(other))) :]
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, max(0, len(raw) - 1)))
        match draw(st.sampled_from(["flip", "byte", "drop", "double", "insert"])):
            case "flip" if raw:
                raw[at] ^= 1 << draw(st.integers(0, 7))
            case "byte" if raw:
                raw[at] = draw(st.integers(0, 255))
            case "drop":
                del raw[at : at + draw(st.integers(1, 70))]
            case "double":
                raw[at:at] = raw[at : at + draw(st.integers(1, 70))]
            case _:
                raw[at:at] = draw(
                    st.sampled_from(
                        [b" ", b"]", b"[as1 ", b" ~AbC1", b"#", b":", b"\n", b"\xff", b"A", b"=", b"\xc2\xa0"]
                    )
                )
    return bytes(raw).decode(*draw(st.sampled_from([("utf-8", "surrogateescape"), ("utf-8", "replace"), ("latin-1",)])))


@settings(max_examples=600)
@given(damaged())
def test_a_damaged_name_is_read_as_a_second_reader_reads_it(name: str) -> None:
    """No more and no less than the format says; what is read is written to the very same characters."""
    found = parse(name)
    assert found == read_by_hand(name)
    if found is not None:
        assert write(found.label, found.owner, found.entries, found.marks) == name


@settings(max_examples=300)
@given(NAMES)
def test_both_readers_read_every_name_of_ours(name: str) -> None:
    assert parse(name) == read_by_hand(name) is not None


@given(NAMES, st.integers(0, 254), st.integers(0, 7))
def test_one_flipped_bit_never_changes_which_version_has_which_content_unseen(name: str, at: int, bit: int) -> None:
    """A flipped bit is refused, or it changes the one field that it hits: all others say what they said."""
    raw = bytearray(name.encode())
    raw[at % len(raw)] ^= 1 << bit
    before, after = parse(name), parse(raw.decode("latin-1"))
    assert before is not None
    if after is not None:
        assert len(after.entries) == len(before.entries)
        fields = [
            (before.label, after.label),
            (before.owner, after.owner),
            *zip(before.marks, after.marks, strict=True),
        ]
        for one, two in zip(before.entries, after.entries, strict=True):
            fields += zip(
                (one.digest, one.sha256, one.type_tag, one.version_sid),
                (two.digest, two.sha256, two.type_tag, two.version_sid),
                strict=True,
            )
        assert sum(one != two for one, two in fields) == 1


@given(OWNERS, ENTRIES, ENTRIES)
def test_a_name_that_tells_of_one_version_twice_is_none_of_ours(owner: str, one: Entry, other: Entry) -> None:
    """Whether both entries say the same of it or not."""
    contradicting = replace(other, version_sid=one.version_sid)
    assert parse(spelled("/a", owner, [one])) is not None
    for second in (one, contradicting):
        assert parse(spelled("/a", owner, [one, second])) is read_by_hand(spelled("/a", owner, [one, second])) is None


def test_the_label_of_a_long_path_ends_with_the_hash_of_the_whole() -> None:
    """Two long paths with one beginning are told apart, and no path can look like another's label: `#` is in none."""
    first, second = ("/" + "p" * 250 + end for end in "ab")
    labels = [label_of(path, "web") for path in (first, second)]
    assert labels[0] != labels[1]
    assert [label.rpartition("#")[2] for label in labels] == [
        xxhash.xxh3_64_hexdigest(path.encode()) for path in (first, second)
    ]
