"""From JSON to the values of `model.py`: strict on what is needed, blind to the rest.

Every parser takes the JSON and the operation it answers, and raises MalformedAnswer naming the operation and the field.
Enums are open strings in lower case (F6.4, F6.5); fields that the API description calls nullable may be null.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn, TypeVar

from assetsync.errors import MalformedAnswer
from assetsync.model import (
    Asset,
    AssetVersion,
    Build,
    Dependency,
    Deployment,
    Environment,
    FunctionVersion,
    Service,
    Variable,
)
from assetsync.twilio.sid import is_sid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fields:
    """Reads the fields of one JSON object; `place` is where it stands in the answer, such as `asset_versions[3].`."""

    values: Mapping[object, object]
    operation: str
    place: str = ""

    @classmethod
    def of(cls, value: object, operation: str, place: str = "") -> Fields:
        if not isinstance(value, dict):
            raise MalformedAnswer(f"{operation}: the answer's {place.rstrip('.') or 'body'} is not an object")
        return cls(value, operation, place)

    def about(self, **wanted: str) -> Fields:
        """The same. Refuses an answer in which one of these fields names something else than was asked for."""
        for name, value in wanted.items():
            found = self.values.get(name)
            if found is not None and str(found).lower() != value.lower():
                raise MalformedAnswer(
                    f"{self.operation}: the answer is about another thing, as `{self.place}{name}` says"
                )
        return self

    def sid(self, name: str, kind: str) -> str:
        value = self.values.get(name)
        return value if isinstance(value, str) and is_sid(value, kind) else self._refuse(name, f"a {kind} SID")

    def sid_or_none(self, name: str, kind: str) -> str | None:
        """Null means something here, so a field that is missing is not taken for one."""
        return None if self._given(name) is None else self.sid(name, kind)

    def text(self, name: str) -> str:
        value = self.values.get(name)
        return value if isinstance(value, str) else self._refuse(name, "a string")

    def text_or_none(self, name: str) -> str | None:
        return None if self._given(name) is None else self.text(name)

    def text_if_given(self, name: str) -> str | None:
        """None also where the field is missing: nothing depends on the difference."""
        return None if self.values.get(name) is None else self.text(name)

    def flag(self, name: str) -> bool:
        value = self.values.get(name)
        return value if isinstance(value, bool) else value is not None and self._refuse(name, "true or false")

    def date(self, name: str) -> datetime | None:
        """ISO 8601, in UTC where nothing else is said (F4.4)."""
        if self.values.get(name) is None:
            return None
        try:
            date = datetime.fromisoformat(self.text(name))
        except ValueError:
            self._refuse(name, "an ISO 8601 date")
        return date if date.tzinfo else date.replace(tzinfo=UTC)

    def each(self, name: str, parse: Callable[[Fields], T]) -> tuple[T, ...]:
        """The items of a list that must be there; null is the empty list."""
        value = self._given(name)
        if value is not None and not isinstance(value, list):
            self._refuse(name, "a list")
        items = value or []
        places = (f"{self.place}{name}[{index}]." for index in range(len(items)))
        return tuple(parse(Fields.of(item, self.operation, place)) for item, place in zip(items, places, strict=True))

    def _given(self, name: str) -> object:
        return self.values[name] if name in self.values else self._refuse(name, "there")

    def _refuse(self, name: str, wanted: str) -> NoReturn:
        raise MalformedAnswer(f"{self.operation}: the answer's field `{self.place}{name}` is not {wanted}")


def service(fields: Fields) -> Service:
    return Service(
        sid=fields.sid("sid", "ZS"),
        account_sid=fields.sid("account_sid", "AC"),
        unique_name=fields.text("unique_name"),
        ui_editable=fields.flag("ui_editable"),
    )


def environment(fields: Fields) -> Environment:
    return Environment(
        sid=fields.sid("sid", "ZE"),
        account_sid=fields.sid("account_sid", "AC"),
        service_sid=fields.sid("service_sid", "ZS"),
        unique_name=fields.text("unique_name"),
        domain_suffix=fields.text_or_none("domain_suffix") or None,
        domain_name=fields.text("domain_name"),
        build_sid=fields.sid_or_none("build_sid", "ZB"),
    )


def variable(fields: Fields) -> Variable:
    """A key or a value that is null is of no use to us, and none of ours: it reads as an empty one."""
    return Variable(
        sid=fields.sid("sid", "ZV"),
        key=fields.text_if_given("key") or "",
        value=fields.text_if_given("value") or "",
    )


def asset(fields: Fields) -> Asset:
    """A foreign Asset may have no name at all: it reads as an empty one."""
    return Asset(
        sid=fields.sid("sid", "ZH"),
        friendly_name=fields.text_if_given("friendly_name") or "",
        date_updated=fields.date("date_updated"),
        date_created=fields.date("date_created"),
    )


def asset_version(fields: Fields) -> AssetVersion:
    return AssetVersion(
        sid=fields.sid("sid", "ZN"),
        asset_sid=fields.sid("asset_sid", "ZH"),
        path=fields.text("path"),
        visibility=fields.text("visibility").lower(),
        date_created=fields.date("date_created"),
    )


def function_version(fields: Fields) -> FunctionVersion:
    return FunctionVersion(
        sid=fields.sid("sid", "ZN"),
        function_sid=fields.sid("function_sid", "ZH"),
        path=fields.text("path"),
        visibility=fields.text("visibility").lower(),
    )


def dependency(fields: Fields) -> Dependency:
    return Dependency(name=fields.text("name"), version=fields.text("version"))


def build(fields: Fields) -> Build:
    """A Build with all that it holds (F6.4)."""
    return Build(
        sid=fields.sid("sid", "ZB"),
        status=build_status(fields),
        asset_versions=fields.each("asset_versions", asset_version),
        function_versions=fields.each("function_versions", function_version),
        dependencies=fields.each("dependencies", dependency),
        runtime=fields.text_if_given("runtime"),
        date_created=fields.date("date_created"),
    )


def build_status(fields: Fields) -> str:
    return fields.text("status").lower()


def deployment(fields: Fields) -> Deployment:
    return Deployment(
        sid=fields.sid("sid", "ZD"),
        build_sid=fields.sid_or_none("build_sid", "ZB"),
        date_created=fields.date("date_created"),
    )
