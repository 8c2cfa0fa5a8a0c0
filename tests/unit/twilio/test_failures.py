from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assetsync.errors import (
    ApiError,
    AssetsyncError,
    ConnectionFailed,
    CredentialsError,
    MalformedAnswer,
    NotFound,
    RateLimited,
    ServerFailure,
)
from assetsync.twilio import failures
from assetsync.twilio.failures import HTTPX_ERRORS, Complaint, complaint, lost, refusal
from assetsync.twilio.hints import hint_for, is_already_deployed
from assetsync.twilio.retry import Again

if TYPE_CHECKING:
    from collections.abc import Iterator


def family(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for child in kind.__subclasses__():
        yield from family(child)


PUBLIC = [
    kind
    for name in httpx.__all__
    if isinstance(kind := getattr(httpx, name), type) and issubclass(kind, Exception) and kind.__module__ == "httpx"
]


def test_every_exception_of_httpx_has_its_own_row_in_the_table() -> None:
    """Complete: what httpx publishes, and whatever else descends from it."""
    assert len(PUBLIC) > 25
    missing = [kind for kind in PUBLIC if kind not in failures._BY_EXCEPTION]
    assert missing == []
    descended = [kind for root in HTTPX_ERRORS for kind in family(root)]
    assert [kind for kind in descended if kind not in failures._BY_EXCEPTION] == []
    assert [kind for kind in PUBLIC if not issubclass(kind, HTTPX_ERRORS)] == []


def made(kind: type[Exception]) -> Exception:
    if issubclass(kind, httpx.HTTPStatusError):
        return kind("oops", request=httpx.Request("GET", "http://a"), response=httpx.Response(500))
    if kind in {httpx.StreamConsumed, httpx.ResponseNotRead, httpx.RequestNotRead, httpx.StreamClosed}:
        return kind()
    return kind("oops")


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
def test_every_exception_of_httpx_becomes_one_of_ours(kind: type[Exception]) -> None:
    failure = lost("fetch Build", made(kind))
    assert isinstance(failure.error, ConnectionFailed | MalformedAnswer)
    assert failure.error.message.startswith("fetch Build: ")
    if isinstance(failure.error, ConnectionFailed):
        assert failure.error.hint
        assert failure.error.sent is (failure.again is Again.IF_REPEATABLE)


def test_an_exception_that_is_not_known_yet_is_taken_for_its_parent() -> None:
    class NewTimeout(httpx.ConnectTimeout):
        pass

    assert lost("x", NewTimeout("later")).again is Again.ALWAYS


def test_a_certificate_that_is_not_trusted_is_not_tried_again() -> None:
    failure = lost("fetch Build", httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"))
    assert failure.again is Again.NEVER
    assert "SSL_CERT_FILE" in str(failure.error.hint)


SHAPES: list[tuple[Any, Complaint]] = [
    # F3.1, the main API
    (
        {"code": 20001, "message": "No.", "more_info": "https://www.twilio.com/docs/errors/20001", "status": 400},
        Complaint("No.", 20001),
    ),
    # F3.2, a 429
    (
        {"status": 429, "message": "Too many requests", "detail": "For the account.", "code": 20429, "moreInfo": "u"},
        Complaint("Too many requests: For the account.", 20429),
    ),
    # F3.3, the upload host
    (
        {"message": "Path.", "code": 20001, "user_error": True, "http_status_code": 400, "params": {}},
        Complaint("Path.", 20001),
    ),
    # F3.4, RFC 9457
    (
        {
            "type": "t",
            "title": "Bad",
            "status": 400,
            "code": "20001",
            "detail": "Very",
            "errors": [{"detail": "one"}, 2, {"detail": 3}, {"detail": "late"}],
        },
        Complaint("Bad: Very: one", 20001),
    ),
    ({"message": None, "code": True}, Complaint("")),
    ({"message": "same", "detail": "same", "code": "x"}, Complaint("same")),
    ({"message": "m", "code": -3, "errors": {}}, Complaint("m")),
    ({"message": "m", "code": 10**30}, Complaint("m")),
    ([1, 2], Complaint("[1, 2]")),
]


@pytest.mark.parametrize(("document", "wanted"), SHAPES)
def test_all_shapes_of_errors_are_read(document: Any, wanted: Complaint) -> None:
    assert complaint(json.dumps(document).encode()) == wanted


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", ""),
        (b"<html><h1>502 Bad\n Gateway</h1></html>", "502 Bad Gateway"),
        (b"upstream \xff\x00 gone", "upstream \ufffd\\x00 gone"),
        (b'{"message": "cut', '{"message": "cut'),
        (b"[" * 60_000, "[" * 200 + " ..."),
        (b"<" * 60_000, "<" * 200 + " ..."),
    ],
)
def test_what_is_not_json_is_shown_as_a_line_of_text(body: bytes, words: str) -> None:
    assert complaint(body) == Complaint(words)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("\ud800\x1b]0;x\x07"),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=4), below, max_size=3),
    max_leaves=6,
)
KEYS = ("message", "code", "status", "title", "detail", "errors", "user_error", "params")
DOCUMENTS = st.dictionaries(st.sampled_from(KEYS), ANYTHING | st.lists(st.dictionaries(st.just("detail"), ANYTHING)))
WHOLE = DOCUMENTS.map(json.dumps) | st.sampled_from([json.dumps(document) for document, _ in SHAPES])


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Any bytes, or one of the shapes with anything in it, cut and with some bytes exchanged."""
    raw = bytearray(draw(st.binary(max_size=300) | WHOLE.map(str.encode)))
    raw = raw[draw(st.integers(0, 3)) : len(raw) - draw(st.integers(0, 3))]
    for _ in range(draw(st.integers(0, 3)) if raw else 0):
        raw[draw(st.integers(0, len(raw) - 1))] = draw(st.integers(0, 255))
    return bytes(raw)


@settings(max_examples=400)
@given(bodies() | WHOLE.map(str.encode), st.integers(400, 599), st.none() | st.text(max_size=20))
def test_no_body_can_break_the_message(body: bytes, status: int, request_id: str | None) -> None:
    """Whatever it is, it is one printable line of a bounded length, of the kind that its status says."""
    failure = refusal("create Asset", status, body, request_id=request_id)
    error = failure.error
    assert error.message.startswith(f"create Asset: HTTP {status}")
    assert error.message.isprintable()
    assert len(error.message) < 3600
    assert (error.hint or "").isprintable()
    assert failure.throttled is (status == 429)
    if isinstance(error, ApiError):
        assert (error.status, type(error.code)) in {(status, int), (status, type(None))}
        assert (error.request_id or "").isprintable()
        assert isinstance(error, ServerFailure) is (status >= 500)
    else:
        assert isinstance(error, CredentialsError)
        assert status in {401, 403}


@given(st.dictionaries(st.sampled_from(["message", "title", "detail"]), st.text("ab \x1b\ud800", max_size=9)))
def test_every_word_of_a_refusal_is_told_once_and_in_order(document: dict[str, str]) -> None:
    words = [" ".join(document[key].split()) for key in ("message", "title", "detail") if document.get(key)]
    said = complaint(json.dumps(document).encode()).message
    shown = [word.replace("\x1b", "\\x1b").replace("\ud800", "\\ud800") for word in words if word]
    at = 0
    for word in dict.fromkeys(shown):
        assert word in said[at:]
        at = said.index(word, at) + len(word)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 65_536,
        b'{"errors": ' * 6_000,
        b'{"message": ' + b"9" * 60_000 + b"}",
        b'{"code": ' + b"9" * 60_000 + b"}",
        b'{"code": "' + b"9" * 60_000 + b'"}',
        b'{"code": 1e999, "message": NaN}',
        b'{"message": "' + b"\\u0000" * 10_000 + b'"}',
        b"<" * 30_000 + b">" * 30_000,
        b"\x1f\x8b" + b"\0" * 60_000,
        b"\xef\xbb\xbf{}",
        '{"message": "utf-16"}'.encode("utf-16"),
    ],
    ids=lambda body: ascii(body[:12]),
)
def test_no_body_made_to_hurt_is_more_than_a_line(body: bytes) -> None:
    error = refusal("create Asset", 400, body, request_id=None).error
    assert isinstance(error, ApiError)
    assert error.message.isprintable()
    assert len(error.message) < 3600


def test_no_shown_message_is_long() -> None:
    body = json.dumps({"message": "m" * 60_000, "detail": "d" * 60_000}).encode()
    assert len(refusal("create Asset", 400, body, request_id="r" * 60_000).error.message) < 500


@pytest.mark.parametrize(
    ("status", "code", "kind", "again"),
    [
        (400, 20001, ApiError, Again.NEVER),
        (403, 20404, ApiError, Again.NEVER),
        (404, 20404, NotFound, Again.NEVER),
        (408, None, ApiError, Again.IF_REPEATABLE),
        (409, None, ApiError, Again.NEVER),
        (413, None, ApiError, Again.NEVER),
        (429, 20429, RateLimited, Again.ALWAYS),
        (500, None, ServerFailure, Again.IF_REPEATABLE),
        (503, 20429, ServerFailure, Again.IF_REPEATABLE),
        (401, None, CredentialsError, Again.NEVER),
        (401, 20003, CredentialsError, Again.NEVER),
        (403, 20003, CredentialsError, Again.NEVER),
    ],
)
def test_status_and_code_choose_the_error(
    status: int, code: int | None, kind: type[AssetsyncError], again: Again
) -> None:
    body = json.dumps({"message": "because", "code": code}).encode()
    failure = refusal("create Build", status, body, request_id="RQ1", retry_after=2.0)
    assert type(failure.error) is kind
    assert failure.again is again
    assert failure.throttled is (status == 429)
    code_words = "" if code is None else f", code {code}"
    assert failure.error.message == f"create Build: HTTP {status}{code_words}: because (request RQ1)"
    if isinstance(failure.error, ApiError):
        error = failure.error
        assert (error.status, error.code, error.request_id, error.operation) == (status, code, "RQ1", "create Build")


@pytest.mark.parametrize(
    ("status", "code", "message", "words"),
    [
        (400, 20001, "Path provided is invalid.", "rename the file"),
        (400, 20001, "Content provided is empty.", "exclude it"),
        (400, 20001, "At least one Function Version or Asset Version is required for Build.", "without a Build"),
        (400, 20001, "Different Asset Versions for same Asset. Conflicting SIDs: ZN1 and ZN2", "Console"),
        (400, 20001, "Services are limited to less than or equal to 50", "Delete a Service"),
        (400, 20001, "Some dependencies could not be validated. No matching version found for x", "npm"),
        (400, 20001, "Some dependencies could not be validated.", "npm"),
        (400, 20001, "Cannot delete Build because it's part of an active Deployment.", "another Build"),
        (400, None, "You cannot deploy Flex Plugins. You must migrate to the Flex Plugin Builder.", "/plugins/"),
        (400, 20001, "Runtime node10 is not supported", "--runtime"),
        (400, 20003, "Authenticate", "Region"),
        (404, 20404, "The requested resource was not found", "another account"),
        (413, None, "", "25 MB"),
        (429, 20429, "Too many requests", "--concurrency"),
        (407, None, "", "HTTPS_PROXY"),
        (502, None, "", "status.twilio.com"),
    ],
)
def test_known_refusals_come_with_the_way_out(status: int, code: int | None, message: str, words: str) -> None:
    assert words in str(hint_for(status, code, message))


def test_an_unknown_refusal_comes_without_a_guess() -> None:
    assert hint_for(400, 20001, "Something new") is None


def test_deploying_what_is_live_is_recognised() -> None:
    body = b'{"message": "Environment already has requested deployment.", "code": 20001}'
    error = refusal("create Deployment", 400, body, request_id=None).error
    assert isinstance(error, ApiError)
    assert is_already_deployed(error)
    assert not is_already_deployed(ApiError("no", status=400))


def test_the_number_of_tries_is_told() -> None:
    failure = refusal("list Assets", 503, b"", request_id=None)
    assert str(failure.raised(8)) == failure.error.message == "list Assets: HTTP 503 (after 8 tries)"
