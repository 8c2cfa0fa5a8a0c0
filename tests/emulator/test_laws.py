"""The pure parts of the local service, each against an oracle of its own."""

from __future__ import annotations

import itertools
import json
import string
import tempfile
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
from hypothesis import assume, given
from hypothesis import strategies as st

from assetsync.emulator.bodies import body_reader
from assetsync.emulator.conditions import byte_range, matches_etag
from assetsync.emulator.content import Contents
from assetsync.emulator.moments import http_date, iso, to_micros
from assetsync.emulator.paths import is_valid, with_slash
from assetsync.emulator.settings import ApiKey, Settings

SAFE = string.ascii_letters + string.digits + "-_.~!*="


@given(st.lists(st.text(SAFE, min_size=1).filter(lambda s: s not in {".", ".."}), max_size=8), st.booleans())
def test_every_plain_path_up_to_255_characters_is_accepted(segments: list[str], trailing: bool) -> None:
    path = "/" + "/".join(segments) + ("/" if trailing and segments else "")
    assert is_valid(path, strict=True) == (len(path) <= 255)


@given(st.text(SAFE + "/", max_size=20), st.characters(), st.text(SAFE, max_size=20))
def test_a_path_with_any_other_character_is_refused(before: str, char: str, after: str) -> None:
    assume(char not in SAFE + "/")
    assert not is_valid(f"/{before}{char}{after}".replace("%", "%%"), strict=True)


@given(st.text(max_size=30))
def test_strict_refuses_all_that_the_documented_rule_refuses(text: str) -> None:
    path = with_slash(text)
    assert path.startswith("/")
    assert path.removeprefix("/") == text.removeprefix("/")
    assert is_valid(path, strict=False) or not is_valid(path, strict=True)


@given(st.binary(max_size=30), st.integers(-5, 40), st.integers(-5, 40))
def test_a_range_is_what_a_slice_would_give(content: bytes, first: int, last: int) -> None:
    text = f"bytes={first if first >= 0 else ''}-{last if last >= 0 else ''}"
    part = byte_range(text, len(content))
    if first < 0 and last < 0:
        assert part is None
    elif first < 0:
        assert content[part.start : part.stop] == (content[-last:] if last else b"")  # type: ignore[union-attr]
    elif 0 <= last < first:
        assert part is None
    else:
        assert content[part.start : part.stop] == content[first : last + 1 if last >= 0 else None]  # type: ignore[union-attr]


@given(st.lists(st.sampled_from(['"a"', 'W/"a"', '"b"', '"a,b"']), min_size=1))
def test_an_etag_matches_a_list_that_names_it_weakly(tags: list[str]) -> None:
    named = {tag.removeprefix("W/") for tag in tags}
    assert matches_etag(", ".join(tags), '"a"') == ('"a"' in named)
    assert matches_etag(" * ", '"a"')
    assert not matches_etag(None, '"a"')


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_moments_are_shown_in_whole_seconds(moment: datetime) -> None:
    assert iso(to_micros(moment)) == moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    assert parsedate_to_datetime(http_date(moment)) == moment.replace(microsecond=0)


@given(
    fields=st.lists(st.tuples(st.text(SAFE, min_size=1), st.text()), max_size=4),
    content=st.binary(max_size=500),
    cuts=st.lists(st.integers(0, 2000), max_size=6),
)
def test_a_multipart_body_is_read_the_same_however_it_is_cut(
    fields: list[tuple[str, str]], content: bytes, cuts: list[int]
) -> None:
    parts = [(name, (None, value.encode("utf-8", "replace"))) for name, value in fields]
    request = httpx.Request("POST", "http://x", files=[*parts, ("Content", ("n", content, "a/b"))])
    sent = request.read()
    with tempfile.TemporaryDirectory() as folder:
        contents = Contents(Path(folder), flush=False, flush_folders=False)
        reader = body_reader(request.headers["content-type"], lambda: contents.spool(1000))
        edges = sorted({0, *(cut for cut in cuts if cut < len(sent)), len(sent)})
        for start, stop in itertools.pairwise(edges):
            reader.write(sent[start:stop])
        body = reader.finish()
        assert body.problem is None
        assert list(body.fields) == [(name, value.encode("utf-8", "replace").decode()) for name, value in fields]
        (file,) = body.files
        assert (file.name, file.filename, file.content_type) == ("Content", "n", "a/b")
        digest = contents.keep(file.spool)
        assert contents.path(digest).read_bytes() == content


@given(st.lists(st.tuples(st.text(), st.text()).filter(any), max_size=6), st.integers(1, 7))
def test_a_form_is_read_the_same_however_it_is_cut(pairs: list[tuple[str, str]], step: int) -> None:
    clean = [(k.encode("utf-8", "replace").decode(), v.encode("utf-8", "replace").decode()) for k, v in pairs]
    sent = str(httpx.QueryParams([*clean])).encode()
    reader = body_reader("application/x-www-form-urlencoded; charset=utf-8", lambda: None)  # type: ignore[arg-type, return-value]
    for start in range(0, len(sent), step):
        reader.write(sent[start : start + step])
    assert sorted(reader.finish().fields) == sorted(clean)
    reader.abandon()


def test_an_ignored_body_may_be_abandoned() -> None:
    reader = body_reader("application/json", lambda: None)  # type: ignore[arg-type, return-value]
    reader.write(json.dumps({}).encode())
    reader.abandon()
    assert reader.finish().fields == ()


def test_secrets_are_not_shown_when_settings_are_printed() -> None:
    assert "hidden" not in repr(Settings(api_keys=(ApiKey("SK1", "hidden"),)))
