"""Which names give way to a new fingerprint, and which files are simply gone."""

from __future__ import annotations

import random
import string
from itertools import product

import pytest

from assetsync.plan.fingerprints import without_renewed


@pytest.mark.parametrize(
    ("gone", "brought"),
    [
        ("/app-3f9c1b2a.js", "/app-9d8e7f6a.js"),
        ("/static/css/main.0f1d2c3b.chunk.css", "/static/css/main.a1b2c3d4.chunk.css"),
        ("/main.4f3c2b.js", "/main.9a8b7c.js"),
        ("/application-" + "4f3c2b1a" * 8 + ".css", "/application-" + "9a8b7c6d" * 8 + ".css"),
        ("/assets/index-BwQ1x_9a.js", "/assets/index-DkZ3x-7b.js"),
        ("/assets/index-BwQ1x_9a.js.map", "/assets/index-DkZ3x-7b.js.map"),
        ("/assets/my-page-BwQ1x_9a.js", "/assets/my-page-C7dE_f2G.js"),
        ("/chunk-4F7Q2ZKM.js", "/chunk-A2B3C4D5.js"),
        ("/angular.frontend.3f9c1b2a.js", "/angular.frontend.9d8e7f6a.js"),
        ("/photo_3f9c1b2a.jpg", "/photo_9d8e7f6a.jpg"),
        ("/main.3f9c1b2a.polyfill.js", "/main.9d8e7f6a.polyfill.js"),
        # one of the two is enough: no hash is obliged to hold a digit
        ("/chunk-ABCDEFGH.js", "/chunk-4F7Q2ZKM.js"),
        ("/app-3f9c1b2a.js", "/app-12345678.js"),
        # a bundler was replaced by another one
        ("/index-BwQ1x_9a.js", "/index-3f9c1b2a.js"),
    ],
)
def test_the_same_name_with_another_fingerprint_is_no_loss(gone: str, brought: str) -> None:
    assert without_renewed({gone}, {brought}) == ()
    assert without_renewed({brought}, {gone}) == ()


@pytest.mark.parametrize(
    ("gone", "brought"),
    [
        ("/data-2024.json", "/data-2025.json"),
        ("/report-20240101.pdf", "/report-20240201.pdf"),
        ("/report-202401.pdf", "/report-202402.pdf"),
        ("/photo-000123.jpg", "/photo-000124.jpg"),
        ("/book-chapter1.html", "/book-chapter2.html"),
        ("/book-Chapter1.html", "/book-Chapter2.html"),
        ("/book-CHAPTER1.html", "/book-CHAPTER2.html"),
        ("/docs-version1.html", "/docs-version2.html"),
        ("/my-my_file1.html", "/my-my_file2.html"),
        ("/x-Page-001.html", "/x-Page-002.html"),
        ("/x-AB-CD_12.html", "/x-AB-CD_13.html"),
        ("/thumb-1024x768.jpg", "/thumb-1280x960.jpg"),
        ("/img-IMG_2024.jpg", "/img-IMG_2025.jpg"),
        ("/img-DSC12345.jpg", "/img-DSC12346.jpg"),
        ("/img-decade12.jpg", "/img-facade13.jpg"),
        ("/page-homepage.html", "/page-aboutus1.html"),
        ("/icon-deadbeef.svg", "/icon-facefeed.svg"),
        # only the fingerprint may differ
        ("/app-3f9c1b2a.js", "/app-9d8e7f6a.css"),
        ("/app-3f9c1b2a.js", "/main-9d8e7f6a.js"),
        ("/app-3f9c1b2a.js", "/js/app-9d8e7f6a.js"),
        ("/app-3f9c1b2a.js", "/app.9d8e7f6a.js"),
        ("/app-3f9c1b2a.js", "/app-9d8e7f6a5b4c.js"),
        # a fingerprint stands in the file's name, between a separator and a dot
        ("/v-3f9c1b2a.d/app.js", "/v-9d8e7f6a.d/app.js"),
        ("/3f9c1b2a.js", "/9d8e7f6a.js"),
        ("/app3f9c1b2a.js", "/app9d8e7f6a.js"),
        ("/app-3f9c1b2a", "/app-9d8e7f6a"),
        ("/app-3f9c1.js", "/app-9d8e7.js"),
        ("/app-" + "3f9c1b2a" * 8 + "0.js", "/app-" + "9d8e7f6a" * 8 + "0.js"),
        ("/app-3f9c1b2g.js", "/app-9d8e7f6z.js"),
        ("/app-BwQ1x_9aa.js", "/app-DkZ3x-7bb.js"),
        ("/a.js", "/b.js"),
    ],
)
def test_a_file_that_only_looks_alike_is_lost(gone: str, brought: str) -> None:
    assert without_renewed({gone}, {brought}) == (gone,)


def test_each_new_file_stands_in_for_one_old_one() -> None:
    gone = {"/chunk-3f9c1b2a.js", "/chunk-4f9c1b2a.js", "/chunk-5f9c1b2a.js"}
    assert without_renewed(gone, {"/chunk-9d8e7f6a.js"}) == ("/chunk-4f9c1b2a.js", "/chunk-5f9c1b2a.js")
    assert without_renewed(gone, {"/chunk-9d8e7f6a.js", "/main-9d8e7f6a.js"}) == (
        "/chunk-4f9c1b2a.js",
        "/chunk-5f9c1b2a.js",
    )


def test_two_doubtful_names_are_no_pair_though_others_are() -> None:
    """One certain fingerprint vouches for one pair."""
    gone = {"/chunk-ABCDEFGH.js", "/chunk-IJKLMNOP.js"}
    assert len(without_renewed(gone, {"/chunk-4F7Q2ZKM.js", "/chunk-QRSTUVWX.js"})) == 1


def test_nothing_new_means_that_everything_is_lost_in_order() -> None:
    assert without_renewed({"/b-3f9c1b2a.js", "/a.js"}, ()) == ("/a.js", "/b-3f9c1b2a.js")


@pytest.mark.parametrize(
    ("alphabet", "length"),
    [
        ("0123456789abcdef", 8),
        ("0123456789abcdef", 20),
        (string.ascii_uppercase + "234567", 8),
        (string.ascii_letters + string.digits + "-_", 8),
    ],
    ids=["webpack", "gatsby", "esbuild", "rollup"],
)
def test_a_rebuilt_site_of_one_hundred_chunks_is_far_below_the_default_limit(alphabet: str, length: int) -> None:
    chance = random.Random(7)
    hashes = ["".join(chance.choices(alphabet, k=length)) for _ in range(200)]
    gone = {f"/js/{name}-{each}.js" for name, each in zip(range(100), hashes[:100], strict=True)}
    brought = {f"/js/{name}-{each}.js" for name, each in zip(range(100), hashes[100:], strict=True)}
    assert len(without_renewed(gone, brought)) <= 15


def test_an_independent_matching_finds_the_same_figure() -> None:
    """Against trying every assignment of new names to old ones."""
    certain, doubtful = ["3f9c1b2a", "4a5b6c7d", "1a2b3c4d"], ["11111111", "deadbeef", "22222222"]
    sides = [list(certain[:n]) + list(doubtful[:m]) for n, m in product(range(4), range(4))]
    for left, right in product(sides, sides):
        gone = {f"/a-{each}.js" for each in left}
        brought = {f"/a-{each[::-1] if each in doubtful else each[2:] + '9b'}.js" for each in right}
        certainly = [each in certain for each in left], [each in certain for each in right]
        assert len(without_renewed(gone, brought)) == len(left) - _most_pairs(*certainly)


def _most_pairs(left: list[bool], right: list[bool]) -> int:
    if not left:
        return 0
    first, rest = left[0], left[1:]
    taken = [1 + _most_pairs(rest, right[:at] + right[at + 1 :]) for at, each in enumerate(right) if each or first]
    return max([_most_pairs(rest, right), *taken])
