"""GitHub's REST API as far as comments on issues go, on a real socket.

https://docs.github.com/en/rest/issues/comments and https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

MOST_CHARACTERS = 65_536
_LIST = re.compile(r"/repos/(?P<repository>[^/]+/[^/]+)/issues/(?P<number>\d+)/comments")
_ONE = re.compile(r"/repos/(?P<repository>[^/]+/[^/]+)/issues/comments/(?P<id>\d+)")

Json = dict[str, Any]


class Right(Enum):
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Token:
    login: str
    right: Right


@dataclass(frozen=True, slots=True)
class Answer:
    """`missing` bytes at its end are promised and never sent."""

    status: int
    document: object
    headers: tuple[tuple[str, str], ...] = ()
    missing: int = 0


@dataclass
class Comment:
    id: int
    number: int
    login: str
    body: str
    edits: int = 0

    @property
    def document(self) -> Json:
        return {"id": self.id, "body": self.body, "user": {"login": self.login}}


@dataclass
class GitHub:
    """Serves on loopback while the context is open. One repository; `asked` are (method, path) of each request.

    before: is told of each request's method first, and may answer in GitHub's place
    """

    repository: str = "someone/site"
    tokens: dict[str, Token] = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    before: Callable[[str], Answer | None] = lambda _method: None

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.github = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def add(self, number: int, login: str, body: str) -> Comment:
        """A comment as a person writes it."""
        comment = Comment(1000 + len(self.comments), number, login, body)
        self.comments.append(comment)
        return comment

    def on(self, number: int, login: str) -> list[Comment]:
        return [each for each in self.comments if (each.number, each.login) == (number, login)]

    def answer(self, method: str, target: str, authorization: str, body: bytes) -> Answer:
        with self._lock:
            self.asked.append((method, target))
            if (found := self.before(method)) is not None:
                return found
            token = self.tokens.get(authorization.removeprefix("Bearer "))
            if token is None:
                return _refusal(401, "Bad credentials")
            parts = urlsplit(target)
            listed, one = _LIST.fullmatch(parts.path), _ONE.fullmatch(parts.path)
            match = listed or one
            if match is None or match["repository"] != self.repository:
                return _refusal(404, "Not Found")
            if listed and method == "GET":
                return self._page(int(listed["number"]), dict(parse_qsl(parts.query)), parts.path)
            if token.right is not Right.WRITE:
                return _refusal(403, "Resource not accessible by integration")
            text = json.loads(body).get("body", "")
            if not text or len(text) > MOST_CHARACTERS:
                return _refusal(422, "Validation Failed")
            if listed and method == "POST":
                return Answer(201, self.add(int(listed["number"]), token.login, text).document)
            if one and method == "PATCH":
                return self._change(int(one["id"]), text)
            return _refusal(404, "Not Found")

    def _page(self, number: int, query: dict[str, str], path: str) -> Answer:
        size, page = min(int(query.get("per_page", "30")), 100), int(query.get("page", "1"))
        found = [each.document for each in self.comments if each.number == number]
        last = max(1, -(-len(found) // size))
        before, after = {"prev": page - 1, "first": 1}, {"next": page + 1, "last": last}
        due = (before if page > 1 else {}) | (after if page < last else {})
        link = ", ".join(f'<{self.url}{path}?per_page={size}&page={at}>; rel="{name}"' for name, at in due.items())
        here = found[(page - 1) * size : page * size]
        return Answer(200, here, (("Link", link),) if last > 1 else ())

    def _change(self, identity: int, text: str) -> Answer:
        for comment in self.comments:
            if comment.id == identity:
                comment.body, comment.edits = text, comment.edits + 1
                return Answer(200, comment.document)
        return _refusal(404, "Not Found")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _refusal(status: int, message: str) -> Answer:
    return Answer(status, {"message": message, "status": str(status)})


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    github: GitHub


class _Handler(BaseHTTPRequestHandler):
    timeout = 20

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        github = cast("_Server", self.server).github
        answer = github.answer(self.command, self.path, self.headers.get("Authorization", ""), body)
        content = json.dumps(answer.document).encode()
        self.send_response(answer.status)
        described = (("Content-Type", "application/json"), ("Content-Length", str(len(content) + answer.missing)))
        for name, value in (*answer.headers, *described):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = _serve  # noqa: N815 - the names that http.server wants

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Silence: the tests look at `asked`."""
