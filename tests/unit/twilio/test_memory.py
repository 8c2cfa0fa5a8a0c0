"""The memory in a friendly name: the format to the character, how much fits, and what is not ours."""

from __future__ import annotations

import base64
import hashlib

import pytest
import xxhash

from assetsync.twilio.memory import Entry, Memory, entry, label_of, parse, room, type_tag, write

OWNER = "website"


def known(number: int) -> Entry:
    return Entry(f"{number:032x}", f"{number:024x}", f"{number:06x}", f"ZN{number:032x}")


class TestFormat:
    def test_a_name_by_hand(self) -> None:
        """`hello` as `text/plain`; the fields are those that any base64 tool gives."""
        digest = xxhash.xxh3_128_digest(b"hello")
        sha = hashlib.sha256(b"hello").digest()
        version = bytes(range(16))
        made = entry(digest=digest.hex(), sha256=sha.hex(), content_type="text/plain", version_sid=f"ZN{version.hex()}")
        assert made is not None
        kind = xxhash.xxh3_64_digest(b"text/plain")
        fields = [
            base64.urlsafe_b64encode(each).decode().rstrip("=") for each in (digest, sha[:12] + kind[:3], version)
        ]
        assert write("/a.txt", OWNER, [made]) == f"/a.txt [as1 website {fields[0]}{fields[1]}:{fields[2]}]"
        assert list(map(len, fields)) == [22, 16 + 4, 22]

    def test_a_name_that_was_written_down_once(self) -> None:
        """A later release that writes another form would forget everything: it must say `as2`."""
        made = Entry("00112233445566778899aabbccddeeff", "f" * 24, "0a0b0c", "ZN" + "fb" * 16)
        name = "/a [as1 o ABEiM0RVZneImaq7zN3u_w________________CgsM:-_v7-_v7-_v7-_v7-_v7-w]"
        assert write("/a", "o", [made]) == name
        assert parse(name) == Memory("/a", "o", (made,))

    def test_at_birth_a_name_holds_no_entry(self) -> None:
        assert write("/a.txt", OWNER) == "/a.txt [as1 website]"
        assert parse("/a.txt [as1 website]") == Memory("/a.txt", OWNER, ())

    def test_an_entry_takes_66_characters_with_its_blank(self) -> None:
        assert len(write("/a", OWNER, [known(1)])) - len(write("/a", OWNER)) == 66
        assert len(write("/a", OWNER, [known(1), known(2)])) - len(write("/a", OWNER)) == 132

    def test_the_type_is_known_by_three_bytes_of_its_hash(self) -> None:
        assert type_tag("text/html; charset=utf-8") == xxhash.xxh3_64_hexdigest(b"text/html; charset=utf-8")[:6]
        assert type_tag("text/html") != type_tag("text/html; charset=utf-8")

    @pytest.mark.parametrize(
        "odd", ["ZN" + "A" * 32, "ZN" + "0" * 31, "ZN" + "0" * 33, "ZH" + "0" * 32, "", "ZN" + "g" * 32]
    )
    def test_a_version_sid_that_16_bytes_cannot_hold_is_not_remembered(self, odd: str) -> None:
        assert entry(digest="0" * 32, sha256="0" * 64, content_type="a/b", version_sid=odd) is None


class TestRoom:
    @pytest.mark.parametrize(
        ("length", "owner", "entries"),
        [
            # 255 = label + ` [as1 ` + owner + `]` + 66 an entry: 12 + length + 66 n for an owner of 5
            (1, "owner", 3),
            (45, "owner", 3),
            (46, "owner", 2),
            (111, "owner", 2),
            (112, "owner", 1),
            (177, "owner", 1),
            (178, "owner", 1),
            (255, "owner", 1),
            (1, "o" * 32, 3),
            (18, "o" * 32, 3),
            (19, "o" * 32, 2),
            (84, "o" * 32, 2),
            (85, "o" * 32, 1),
            (255, "o" * 32, 1),
        ],
    )
    def test_how_many_entries_fit(self, length: int, owner: str, entries: int) -> None:
        path = "/" + "p" * (length - 1)
        assert room(path, owner) == entries
        written = write(path, owner, map(known, range(9)))
        assert len(written) <= 255
        found = parse(written)
        assert found is not None
        assert found.entries == tuple(map(known, range(entries)))

    def test_a_full_name_has_no_character_to_spare(self) -> None:
        assert len(write("/" + "p" * 44, "owner", map(known, range(3)))) == 255


class TestLabel:
    def test_a_path_that_leaves_room_for_one_entry_stands_whole(self) -> None:
        path = "/" + "p" * 176
        assert label_of(path, "owner") == path
        assert len(write(path, "owner", [known(1)])) == 255

    def test_a_longer_one_is_cut_and_closed_with_its_hash(self) -> None:
        path = "/" + "p" * 177
        label = "/" + "p" * 159 + "#" + xxhash.xxh3_64_hexdigest(path.encode())
        assert label_of(path, "owner") == label
        assert len(label) == 177
        assert write(path, "owner", [known(1)]).startswith(label + " [as1 owner ")

    def test_long_paths_that_begin_alike_have_labels_of_their_own(self) -> None:
        paths = ["/" + "p" * 253 + end for end in "abc"]
        assert len({label_of(path, OWNER) for path in paths}) == 3

    def test_a_long_path_is_known_by_its_label_again(self) -> None:
        path = "/" + "p" * 254
        found = parse(write(path, OWNER, [known(1)]))
        assert found == Memory(label_of(path, OWNER), OWNER, (known(1),))


class TestWhatIsKept:
    def test_the_first_ones_as_many_as_fit(self) -> None:
        found = parse(write("/a", OWNER, map(known, (5, 4, 3, 2, 1))))
        assert found is not None
        assert found.entries == (known(5), known(4), known(3))

    def test_each_version_once(self) -> None:
        """A Version never changes, so that the first word on it is as good as any."""
        found = parse(write("/a", OWNER, [known(1), known(2), known(1), known(2), known(3)]))
        assert found is not None
        assert found.entries == (known(1), known(2), known(3))


def _with(text: str, at: int, new: str) -> str:
    return text[:at] + new + text[at + 1 :]


FULL = write("/a", "o", [known(1)])


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a [as1 o]",
        "/a [as1 o",
        "/a [as2 o]",
        "/a  [as1 o]",
        "/a [as1  o]",
        "/a [as1 o ]",
        "/a [as1 ]",
        "/a [as1 O]",
        "/a [as1 o_o]",
        "/a [as1 " + "o" * 33 + "]",
        " /a [as1 o]",
        "/a [as1 o]\n",
        "/a b [as1 o]",
        "/a# [as1 o]",
        "/a#0123456789abcdef [as1 o]",
        "/a [as1 o] [as1 o]",
        "/é [as1 o]",
        "/" + "p" * 181 + " [as1 o]",
        FULL + " ",
        FULL.replace(" ", "\t", 1),
        FULL.replace(":", ";"),
        FULL.replace("]", "=]"),
        # 128 bits in 22 characters leave 4 bits over, which must be nought
        FULL.replace("AQ]", "AR]"),
        FULL.replace("]", " " + FULL.partition(" [as1 o ")[2]),
        write("/" + "p" * 44, "owner", map(known, range(3))) + "]",
        FULL[:-1] + "".join(write("/a", "o", [known(number)])[len("/a [as1 o") : -1] for number in (2, 3, 4)) + "]",
    ],
)
def test_a_name_that_we_did_not_write_is_not_ours(name: str) -> None:
    assert parse(name) is None


def test_the_last_bits_of_an_entry_must_be_those_that_the_writer_writes() -> None:
    digest_end = FULL.index(" [as1 o ") + len(" [as1 o ") + 21
    version_end = len(FULL) - 2
    for at in (digest_end, version_end):
        assert FULL[at] == "Q"
        assert parse(_with(FULL, at, "R")) is None
        assert parse(_with(FULL, at, "g")) is not None
