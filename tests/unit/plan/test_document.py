"""The JSON document of a plan: its shape is published, and it says everything that the plan says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import jsonschema_rs
import pytest

from assetsync.model import FolderTally, FunctionVersion
from assetsync.plan.document import Document, build_reasons, plan_document
from assetsync.plan.safety import Consent, Refusal, review, with_consents
from assetsync.schemas import load_schema
from tests.unit.plan.scene import AC, TARGET, ZB, ZE, ZS, Scene, digest_of, want
from tests.unit.plan.test_planner import everything, everything_planned
from tests.unit.twilio.sids import sid

if TYPE_CHECKING:
    from assetsync.plan.plan import Plan


@pytest.fixture(scope="module")
def schema() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(json.loads(load_schema("plan")))


def of(plan: Plan, *refusals: Refusal, everything: bool = True) -> Document:
    return plan_document(plan, refusals, everything=everything, warnings=("careful",))


def test_a_plan_with_every_action_is_valid_and_survives_json(schema: jsonschema_rs.Validator) -> None:
    scene = Scene()
    everything(scene)
    scene.functions = (FunctionVersion(sid("ZN", 77), sid("ZH", 77), "/f", "public"),)
    plan = everything_planned(scene)
    refusals = review(plan, scene.snapshot, (FolderTally("public", "/", 1),), None)
    assert refusals
    document = of(plan, *with_consents(refusals, [Consent("--allow-replace", 1)]))
    schema.validate(document)
    assert json.loads(json.dumps(document)) == document
    assert {each["action"] for each in document["actions"]} == {
        "create", "upload", "restore", "rename", "delete", "unchanged",
    }  # fmt: skip


def test_each_field_of_each_action(schema: jsonschema_rs.Validator) -> None:
    scene = Scene()
    everything(scene)
    plan = everything_planned(scene)
    actions = {each["path"]: each for each in of(plan)["actions"]}
    replaced = plan.replaced[0].asset_sid
    assert actions["/create"] == {
        "action": "create",
        "path": "/create",
        "previous_path": None,
        "source": "public/create",
        "visibility": "public",
        "content_type": "text/plain",
        "size": 7,
        "digest": f"xxh3_128:{digest_of('created')}",
        "asset_sid": None,
        "replaces": replaced,
        "reasons": ["replaces foreign"],
    }
    assert actions["/delete"] == {
        "action": "delete",
        "path": "/delete",
        "previous_path": None,
        "source": None,
        "visibility": "public",
        "content_type": None,
        "size": None,
        "digest": None,
        "asset_sid": plan.deletes[0].asset_sid,
        "replaces": None,
        "reasons": ["not wanted"],
    }
    assert actions["/renamed-to"]["previous_path"] == "/renamed-from"
    assert actions["/unchanged"]["reasons"] == []
    assert actions["/upload"]["visibility"] == "protected"
    assert actions["/restore"]["asset_sid"] is not None


def test_unchanged_actions_are_left_out_unless_everything_is_asked_for() -> None:
    scene = Scene()
    everything(scene)
    document = of(everything_planned(scene), everything=False)
    assert "unchanged" not in {each["action"] for each in document["actions"]}
    assert document["summary"]["unchanged"] == 1


def test_where_the_plan_goes_and_what_it_costs() -> None:
    scene = Scene()
    scene.foreign("/x", owner="shop")
    plan = scene.plan(want("/a"))
    document = of(plan, Refusal("flex", "m", 1, "0", "--allow-flex", "--allow-flex=1"))
    foreign = plan.carried[0]
    assert document["owner"] == "website"
    assert document["account_sid"] == AC
    assert document["service"] == {"sid": ZS, "unique_name": "my-site"}
    assert document["environment"] == {
        "sid": ZE,
        "name": "production",
        "suffix": None,
        "domain": "my-site-1234.twil.io",
        "build_sid": ZB,
    }
    assert document["carried"] == [
        {"path": "/x", "asset_sid": foreign.asset_sid, "version_sid": foreign.version_sid, "owner": "shop"}
    ]
    assert document["build"] == {"needed": True, "reasons": ["1 to create"]}
    assert (document["requests"], document["bytes"]) == (plan.request_estimate, 3)
    assert document["safety"] == [
        {
            "reason": "flex",
            "message": "m",
            "observed": 1,
            "limit": "0",
            "override": "--allow-flex",
            "allowed_by": "--allow-flex=1",
            "files": [],
        }
    ]
    assert document["warnings"] == ["careful"]


def test_a_plan_for_what_does_not_exist_yet_is_valid(schema: jsonschema_rs.Validator) -> None:
    nowhere = replace(TARGET, account_sid=None, service_sid=None, environment_sid=None, domain=None, base_build=None)
    schema.validate(of(Scene().plan(want("/a"), target=nowhere)))


def test_why_a_build_is_needed() -> None:
    scene = Scene()
    everything(scene)
    assert build_reasons(everything_planned(scene)) == [
        "1 to create",
        "1 to upload",
        "1 to restore",
        "1 to rename",
        "1 to delete",
        "1 foreign replaced",
    ]
    twice = Scene()
    twice.ours("/a")
    assert build_reasons(twice.plan(want("/a"))) == []
    twice.ours("/a")
    assert build_reasons(twice.plan(want("/a"))) == ["a path is served twice"]
    twice.foreign("/b")
    assert build_reasons(twice.plan(want("/a"), drop_foreign=True)) == ["1 foreign dropped"]
