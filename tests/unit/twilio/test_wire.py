from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetsync import model
from assetsync.errors import MalformedAnswer
from assetsync.twilio import wire
from assetsync.twilio.sid import is_sid
from assetsync.twilio.wire import Fields
from tests.unit.twilio.sids import (
    asset_json,
    build_json,
    deployment_json,
    environment_json,
    function_json,
    service_json,
    sid,
    variable_json,
    version_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable

DATE = datetime(2018, 11, 10, 20, tzinfo=UTC)
MISSING = object()
ANYTHING = st.none() | st.text() | st.integers() | st.lists(st.integers())


def parsed(parse: Callable[[Fields], Any], document: object) -> Any:
    return parse(Fields.of(document, "fetch it"))


def test_each_resource_becomes_its_value() -> None:
    assert parsed(wire.service, service_json()) == model.Service(sid("ZS"), sid("AC"), "my-site", ui_editable=True)
    assert parsed(wire.environment, environment_json()) == model.Environment(
        sid("ZE"), sid("AC"), sid("ZS"), "production", None, "my-site-1234.twil.io", sid("ZB")
    )
    assert parsed(wire.variable, variable_json()) == model.Variable(sid("ZV"), "A", "1")
    assert parsed(wire.variable, variable_json(key=None, value=None)) == model.Variable(sid("ZV"), "", "")
    assert parsed(wire.asset, asset_json()) == model.Asset(sid("ZH"), "/a.html", DATE)
    assert parsed(wire.asset_version, version_json()) == model.AssetVersion(sid("ZN"), sid("ZH"), "/a.html", "public")
    assert parsed(wire.deployment, deployment_json()) == model.Deployment(sid("ZD"), sid("ZB"), DATE)


def test_a_build_holds_everything_with_visibilities_in_lower_case() -> None:
    """F6.4: a Build says PUBLIC where the Version says public."""
    assert parsed(wire.build, build_json(unheard_of={"x": 1})) == model.Build(
        sid("ZB"),
        "completed",
        (model.AssetVersion(sid("ZN", 1), sid("ZH"), "/a.html", "public"),),
        (model.FunctionVersion(sid("ZN", 2), sid("ZH"), "/f", "protected"),),
        (model.Dependency("twilio", "3.29.2"),),
        "node22",
        DATE,
    )


@pytest.mark.parametrize(
    ("parse", "document", "name", "wanted"),
    [
        (wire.environment, environment_json(build_sid=None), "build_sid", None),
        (wire.environment, environment_json(domain_suffix="stg"), "domain_suffix", "stg"),
        (wire.environment, environment_json(domain_suffix=""), "domain_suffix", None),
        (wire.asset, asset_json(date_updated=None), "date_updated", None),
        (wire.asset, asset_json(date_updated="2018-11-10T20:00:00"), "date_updated", DATE),
        (wire.asset, asset_json(friendly_name=None), "friendly_name", ""),
        (wire.asset_version, version_json(visibility="Secret"), "visibility", "secret"),
        (wire.service, service_json(ui_editable=None), "ui_editable", False),
        (wire.service, service_json(ui_editable=False), "ui_editable", False),
        (wire.deployment, deployment_json(build_sid=None), "build_sid", None),
        (wire.build, build_json(status="Paused"), "status", "paused"),
        (wire.build, build_json(runtime=None), "runtime", None),
        (wire.build, build_json(asset_versions=None), "asset_versions", ()),
        (wire.build, build_json(date_created=None), "date_created", None),
    ],
)
def test_nulls_and_words_yet_to_come_are_borne(
    parse: Callable[[Fields], Any], document: object, name: str, wanted: object
) -> None:
    assert getattr(parsed(parse, document), name) == wanted


@pytest.mark.parametrize(
    ("parse", "document", "changes", "field"),
    [
        (wire.service, service_json(), {"sid": MISSING}, "sid"),
        (wire.service, service_json(), {"sid": sid("ZE")}, "sid"),
        (wire.service, service_json(), {"sid": sid("ZS") + "\n"}, "sid"),
        (wire.service, service_json(), {"unique_name": 7}, "unique_name"),
        (wire.service, service_json(), {"ui_editable": "no"}, "ui_editable"),
        (wire.environment, environment_json(), {"build_sid": MISSING}, "build_sid"),
        (wire.environment, environment_json(), {"build_sid": "ZB../.."}, "build_sid"),
        (wire.environment, environment_json(), {"domain_suffix": MISSING}, "domain_suffix"),
        (wire.environment, environment_json(), {"domain_name": None}, "domain_name"),
        (wire.asset, asset_json(), {"date_updated": "yesterday"}, "date_updated"),
        (wire.asset, asset_json(), {"date_updated": 7}, "date_updated"),
        (wire.asset, asset_json(), {"friendly_name": ["x"]}, "friendly_name"),
        (wire.asset_version, version_json(), {"asset_sid": None}, "asset_sid"),
        (wire.asset_version, version_json(), {"path": None}, "path"),
        (wire.build, build_json(), {"asset_versions": MISSING}, "asset_versions"),
        (wire.build, build_json(), {"asset_versions": {}}, "asset_versions"),
        (wire.build, build_json(), {"dependencies": MISSING}, "dependencies"),
        (wire.build, build_json(), {"dependencies": [{"name": "x"}]}, "dependencies[0].version"),
        (
            wire.build,
            build_json(),
            {"function_versions": [function_json(), function_json(sid="?")]},
            "function_versions[1].sid",
        ),
        (wire.deployment, deployment_json(), {"build_sid": 3}, "build_sid"),
    ],
)
def test_what_is_needed_and_wrong_is_named(
    parse: Callable[[Fields], Any], document: dict[str, object], changes: dict[str, object], field: str
) -> None:
    changed = {name: value for name, value in {**document, **changes}.items() if value is not MISSING}
    with pytest.raises(MalformedAnswer, match=r"^fetch it: ") as caught:
        parsed(parse, changed)
    assert f"`{field}`" in caught.value.message


def test_an_item_that_is_no_object_is_named() -> None:
    with pytest.raises(MalformedAnswer, match=r"the answer's asset_versions\[0\] is not an object"):
        parsed(wire.build, build_json(asset_versions=["ZN"]))
    with pytest.raises(MalformedAnswer, match="the answer's body is not an object"):
        parsed(wire.build, [])


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(build_json(), ANYTHING)),
)
def test_no_answer_breaks_the_parser(document: dict[str, object]) -> None:
    """Whatever comes, it is a value or a MalformedAnswer."""
    for parse in (wire.service, wire.environment, wire.asset, wire.asset_version, wire.build, wire.deployment):
        try:
            parsed(parse, document)
        except MalformedAnswer:
            continue


@given(st.datetimes(timezones=st.just(UTC)).map(lambda date: date.replace(microsecond=0)))
def test_dates_keep_their_moment(date: datetime) -> None:
    text = date.isoformat().replace("+00:00", "Z")
    assert parsed(wire.asset, asset_json(date_updated=text)).date_updated - date == timedelta(0)


@pytest.mark.parametrize(
    "text", ["", "ZS", sid("ZS")[:-1], sid("ZS") + "0", sid("zs"), sid("ZS")[:-1] + "g", "ZS" + "\u0661" * 32]
)
def test_what_is_not_a_sid(text: str) -> None:
    assert not is_sid(text, "ZS")
