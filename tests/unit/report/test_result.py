"""The `result` of `apply --format json`."""

from __future__ import annotations

import json

import jsonschema_rs

from assetsync.apply.applier import Outcome, Served
from assetsync.plan.document import plan_document
from assetsync.report.result import result_document
from assetsync.schemas import load_schema
from assetsync.twilio.tally import Tally
from tests.unit.plan.scene import ZB
from tests.unit.report.plans import full_plan
from tests.unit.twilio.sids import sid

SITE = "https://my-site-1234.twil.io"
VERSIONS = (
    Served("/a", "public", sid("ZH", 1), sid("ZN", 1)),
    Served("/b", "protected", sid("ZH", 2), sid("ZN", 2)),
    Served("/c", "private", sid("ZH", 3), sid("ZN", 3)),
)


def test_what_is_served_with_its_url_and_what_it_cost() -> None:
    outcome = Outcome(ZB, sid("ZD"), "my-site-1234.twil.io", VERSIONS, ("careful",))
    document = result_document(outcome, SITE, Tally(12, 1, 2048), 3.21987)
    assert document == {
        "build_sid": ZB,
        "deployment_sid": sid("ZD"),
        "site": SITE,
        "versions": [
            {"path": "/a", "asset_sid": sid("ZH", 1), "version_sid": sid("ZN", 1), "url": f"{SITE}/a"},
            {"path": "/b", "asset_sid": sid("ZH", 2), "version_sid": sid("ZN", 2), "url": f"{SITE}/b"},
            {"path": "/c", "asset_sid": sid("ZH", 3), "version_sid": sid("ZN", 3), "url": None},
        ],
        "errors": [],
        "warnings": ["careful"],
        "requests": 12,
        "bytes_sent": 2048,
        "seconds": 3.22,
    }
    whole = plan_document(full_plan(), (), everything=False) | {"result": document}
    jsonschema_rs.validator_for(json.loads(load_schema("plan"))).validate(whole)


def test_nothing_is_served() -> None:
    document = result_document(Outcome(None, None, None, VERSIONS[:1]), None, Tally(), 0.0)
    assert (document["build_sid"], document["deployment_sid"], document["site"]) == (None, None, None)
    assert [each["url"] for each in document["versions"]] == [None]
