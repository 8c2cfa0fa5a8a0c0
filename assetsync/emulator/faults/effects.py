"""An answer, bent: pure functions from answer to answer."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, assert_never

from assetsync.emulator.faults.rule import CutConnection, Drip, HalfPage, Malform, Respond, Retype, Truncate
from assetsync.emulator.messages import Answer, Drop, FileSlice, Outcome, Pairs, json_answer
from assetsync.emulator.refusals import Refusal, not_found, unauthenticated

if TYPE_CHECKING:
    from assetsync.emulator.faults.rule import Effect

_CODES = {400: 20001, 403: 20403, 404: 20404, 405: 20004, 429: 20429, 500: 20500, 503: 20503}
_HTML = "text/html"
_PLAIN = "text/plain; charset=utf-8"
_REASONS = {413: "Request Entity Too Large", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


def too_many_requests(retry_after: int | None = None) -> Answer:
    """429 as it was seen (F3.2): `moreInfo`, and nothing that says when to come back unless asked for."""
    body = {
        "status": 429,
        "message": "Too many requests",
        "detail": "Too many requests for the associated account being sent.",
        "code": 20429,
        "moreInfo": "https://www.twilio.com/docs/errors/20429",
    }
    return json_answer(429, body, _retry(retry_after))


def respond(effect: Respond, path: str) -> Answer:
    """The answer that an `answer:` rule gives instead of the real one."""
    answer = _with_retry(_usual(effect.status, path), effect.retry_after)
    if effect.body is not None:
        kind = _content_type(answer) or _PLAIN
        answer = _retyped(replace(answer, body=effect.body.encode()), effect.content_type or kind)
    elif effect.content_type is not None:
        answer = _retyped(answer, effect.content_type)
    return answer


def bend(effect: Effect | None, path: str, answer: Answer) -> Outcome:
    """What is sent where the work is done and `answer` is what came of it."""
    match effect:
        case None:
            return answer
        case Respond():
            return respond(effect, path)
        case CutConnection():
            return Drop.CONNECTION
        case Drip(bytes_per_second=pace):
            return replace(answer, pace=pace)
        case Truncate(after_bytes=cut):
            return replace(answer, cut_after=cut)
        case Malform():
            return replace(answer, body=_half(answer.body))
        case HalfPage():
            return _half_page(answer)
        case Retype(content_type=content_type):
            return _retyped(answer, content_type)
        case _:  # pragma: no cover
            assert_never(effect)


def _usual(status: int, path: str) -> Answer:
    """What Twilio, or the proxy before it, says with this status (F3.1 to F3.3)."""
    if status == 429:
        return too_many_requests()
    if status == 401:
        return unauthenticated().answer()
    if status == 404:
        return not_found(path).answer()
    if status in _REASONS and status != 503:
        title = f"{status} {_REASONS[status]}"
        html = f"<html>\r\n<head><title>{title}</title></head>\r\n<body><h1>{title}</h1></body>\r\n</html>\r\n"
        return Answer(status, html.encode(), (("Content-Type", _HTML),))
    if status < 400:
        return Answer(status)
    return Refusal(status, _CODES.get(status, 20000 + status), "An injected fault").answer()


def _half(body: bytes | FileSlice) -> bytes | FileSlice:
    if isinstance(body, bytes):
        return body[: len(body) // 2]
    return replace(body, length=body.length // 2)


def _half_page(answer: Answer) -> Answer:
    """Other answers than list pages are left as they are."""
    try:
        value: Any = json.loads(answer.body) if isinstance(answer.body, bytes) else None
        items = value[value["meta"]["key"]]
    except (ValueError, KeyError, TypeError):
        return answer
    short = json_answer(answer.status, {**value, value["meta"]["key"]: items[: len(items) // 2]})
    return replace(answer, body=short.body)


def _retry(retry_after: int | None) -> Pairs:
    return () if retry_after is None else (("Retry-After", str(retry_after)),)


def _with_retry(answer: Answer, retry_after: int | None) -> Answer:
    return replace(answer, headers=(*answer.headers, *_retry(retry_after)))


def _content_type(answer: Answer) -> str | None:
    return next((value for name, value in answer.headers if name.lower() == "content-type"), None)


def _retyped(answer: Answer, content_type: str) -> Answer:
    others = tuple(pair for pair in answer.headers if pair[0].lower() != "content-type")
    return replace(answer, headers=(("Content-Type", content_type), *others))
