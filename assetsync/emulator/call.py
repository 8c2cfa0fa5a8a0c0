"""One API request at work: what every resource needs to read it and to answer it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from assetsync.emulator.messages import Answer
from assetsync.emulator.refusals import Refusal, invalid, not_found

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from assetsync.emulator.content import Contents
    from assetsync.emulator.messages import Request
    from assetsync.emulator.settings import Settings
    from assetsync.emulator.store import Row, Transaction

SERVICE_SID: Final = re.compile(r"ZS[0-9a-fA-F]{32}")
_SERVICE_BY_SID: Final = "SELECT * FROM services WHERE sid = ?"
_SERVICE_BY_NAME: Final = "SELECT * FROM services WHERE unique_name = ?"


@dataclass(frozen=True, slots=True)
class Call:
    """keys: the decoded path parameters of the route; now: microseconds; outcome: what becomes of a Build made now."""

    request: Request
    keys: Mapping[str, str]
    tx: Transaction
    contents: Contents
    settings: Settings
    account_sid: str
    now: int
    random: random.Random
    outcome: Callable[[], str]

    def new_sid(self, prefix: str) -> str:
        return f"{prefix}{self.random.getrandbits(128):032x}"

    def url(self, *segments: str) -> str:
        """The absolute URL of a resource, on the host that the client addressed."""
        return "/".join((self.request.base_url, "v1", *segments))

    def not_found(self) -> Refusal:
        return not_found(self.request.path)

    def texts(self, name: str) -> tuple[str, ...]:
        """Every value of a form parameter that may be repeated."""
        return tuple(value for key, value in self.request.body.fields if key == name)

    def text(self, name: str, limit: int) -> str | None:
        """A form parameter (the last one counts), None when it is not given. Refused beyond `limit` characters."""
        values = self.texts(name)
        if not values:
            return None
        if len(values[-1]) > limit:
            raise invalid(f"{name} is longer than {limit} characters")
        return values[-1]

    def required(self, name: str, limit: int) -> str:
        value = self.text(name, limit)
        if not value:
            raise invalid(f"Missing required parameter {name} in the post body")
        return value

    def flag(self, name: str) -> bool | None:
        value = self.text(name, 5)
        if value is None:
            return None
        if value.lower() not in {"true", "false"}:
            raise invalid(f"{name} must be true or false")
        return value.lower() == "true"

    def service(self) -> Row:
        """The Service that the path names, by SID or unique name (F7.1).

        What has the form of a SID is never a unique name: a DELETE said twice must not hit another Service.
        """
        key = self.keys["service"]
        sql = _SERVICE_BY_SID if SERVICE_SID.fullmatch(key) else _SERVICE_BY_NAME
        return self.found(self.tx.one(sql, key))

    def environment(self) -> Row:
        return self.found(
            self.tx.one(
                "SELECT * FROM environments WHERE sid = ? AND service_sid = ?",
                self.keys["environment"],
                self.service()["sid"],
            )
        )

    def found(self, row: Row | None) -> Row:
        if row is None:
            raise self.not_found()
        return row


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """template: path below `/v1`; a segment in braces is a parameter, as in `/Services/{service}/Assets`."""

    method: str
    template: str
    handler: Handler


@dataclass(frozen=True, slots=True)
class Match:
    """methods: the handlers of the template that fits the path."""

    keys: Mapping[str, str]
    methods: Mapping[str, Handler]


class Router:
    def __init__(self, routes: tuple[Route, ...]) -> None:
        self._by_length: dict[int, dict[tuple[str, ...], dict[str, Handler]]] = {}
        for route in routes:
            template = tuple(route.template.strip("/").split("/"))
            self._by_length.setdefault(len(template), {}).setdefault(template, {})[route.method] = route.handler

    def match(self, path: str) -> Match | None:
        """Find the template for a percent-encoded path below `/v1`."""
        segments = tuple(unquote(segment) for segment in path.removeprefix("/v1/").split("/"))
        for template, methods in self._by_length.get(len(segments), {}).items():
            if all(want.startswith("{") or want == got for want, got in zip(template, segments, strict=True)):
                pairs = zip(template, segments, strict=True)
                return Match({want[1:-1]: got for want, got in pairs if want.startswith("{")}, methods)
        return None
