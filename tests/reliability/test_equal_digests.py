"""Two different files with one xxh3_128: an attacker can make them, so nothing is reused on its word alone.

How such files are made: XXH3 takes long inputs in stripes of 64 bytes. Of each 8 bytes it adds the product of the two
halves of `data ^ secret` to one sum and `data` itself to another. Where the lower half of `data ^ secret` is zero the
product is zero whatever the upper half is, so that two such places can trade a 1 without a trace in either sum. The
secret is public (the reference implementation's default one).
"""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING, Final

import pytest
import xxhash

from tests.reliability.figures import note

if TYPE_CHECKING:
    from tests.cli.stage import Stage

_SECRET: Final = bytes.fromhex("b8fe6c3923a44bbe7c01812cf721ad1c")
"""The first bytes of XXH3's default secret; the second stripe's begin 8 bytes further on."""
STAGING: Final = "  - name: production\n  - name: staging\n    suffix: stg\n"


def _pair(seed: int) -> tuple[bytes, bytes]:
    twins = []
    for trade in (0, 1):
        data = bytearray(random.Random(seed).randbytes(1024))
        for stripe, upper in ((0, 1000 - trade), (1, 1000 + trade)):
            lower = _SECRET[8 * stripe : 8 * stripe + 4]
            data[64 * stripe : 64 * stripe + 8] = lower + upper.to_bytes(4, "little")
        twins.append(bytes(data))
    return twins[0], twins[1]


HARMLESS, EVIL = _pair(1)


def test_the_two_differ_and_xxh3_does_not_see_it() -> None:
    assert HARMLESS != EVIL
    assert xxhash.xxh3_128_digest(HARMLESS) == xxhash.xxh3_128_digest(EVIL)
    assert hashlib.sha256(HARMLESS).digest() != hashlib.sha256(EVIL).digest()


def test_a_restore_takes_no_version_of_other_content(stage: Stage) -> None:
    """The harmless file was live, then another one; the evil one must not come back as the harmless, nor reversed."""
    stage.write({"a.bin": HARMLESS, "b.bin": b"b"})
    stage.apply()
    stage.write({"a.bin": b"in between"})
    stage.apply()
    stage.write({"a.bin": EVIL})
    (planned,) = stage.run("plan", "--format", "json").holds(0).plan["actions"]
    assert planned["action"] == "upload"
    stage.apply()
    assert stage.outside.visit("/a.bin").content == EVIL
    stage.write({"a.bin": b"in between"})
    stage.apply()
    stage.write({"a.bin": HARMLESS})
    (planned,) = stage.run("plan", "--format", "json").holds(0).plan["actions"]
    assert planned["action"] == "restore", "both are remembered, each by its SHA-256"
    stage.apply()
    assert stage.outside.visit("/a.bin").content == HARMLESS
    note("equal xxh3_128", restores=2)


@pytest.mark.parametrize(("staged", "wanted"), [(HARMLESS, EVIL), (EVIL, HARMLESS)], ids=["evil", "harmless"])
def test_a_promotion_takes_no_version_of_other_content(stage: Stage, staged: bytes, wanted: bytes) -> None:
    stage.manifest(environments=STAGING)
    stage.write({"a.bin": staged})
    stage.apply("-e", "staging")
    stage.write({"a.bin": wanted})
    stage.apply("-e", "production")
    assert stage.outside.visit("/a.bin", "production").content == wanted
    assert stage.outside.visit("/a.bin", "staging").content == staged
    note("equal xxh3_128", promotions=1)


def test_a_rename_sends_the_bytes_of_the_new_file(stage: Stage) -> None:
    stage.write({"old.bin": HARMLESS, "b.bin": b"b"})
    stage.apply()
    (stage.root / "public/old.bin").unlink()
    stage.write({"new.bin": EVIL})
    stage.apply()
    assert stage.outside.visit("/new.bin").content == EVIL
    assert stage.outside.visit("/old.bin").status_code == 404


def test_what_is_live_already_needs_sha256_only_where_the_manifest_says_so(stage: Stage) -> None:
    """The one thing that xxh3 alone decides, as documented: whether a file differs from what is live at its path."""
    stage.write({"a.bin": HARMLESS})
    stage.apply()
    stage.write({"a.bin": EVIL})
    assert stage.run("plan", "--format", "json").holds(0).plan["summary"]["unchanged"] == 1
    file = stage.root / "assetsync.yaml"
    file.write_text(f"{file.read_text()}digest: sha256\n")
    (planned,) = stage.run("plan", "--format", "json").holds(0).plan["actions"]
    assert (planned["action"], planned["reasons"]) == ("upload", ["sha-256 differs"])
    stage.apply()
    assert stage.outside.visit("/a.bin").content == EVIL
