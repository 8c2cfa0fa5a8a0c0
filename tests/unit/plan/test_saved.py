"""A saved plan is compared by its effect; whatever has happened to the file, a sentence comes out."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetsync.cli.planning import read_saved
from assetsync.errors import Conflict, UsageError
from assetsync.model import FunctionVersion
from assetsync.plan.document import Document, plan_document
from assetsync.plan.safety import Consent, Refusal
from assetsync.plan.saved import check_format, consents_of, first_difference
from tests.unit.plan.scene import TARGET, Scene, want
from tests.unit.plan.test_planner import everything, everything_planned
from tests.unit.twilio.sids import sid

if TYPE_CHECKING:
    from pathlib import Path

    from assetsync.plan.plan import Plan

REFUSALS = (
    Refusal("max-delete", "...", 41, "30%", "--allow-deletes", "--allow-deletes"),
    Refusal("replace", "...", 2, "0", "--allow-replace", None),
)


def document_of(plan: Plan, refusals: tuple[Refusal, ...] = REFUSALS) -> Document:
    loaded: Document = json.loads(json.dumps(plan_document(plan, refusals, everything=True)))
    return loaded


def full_scene() -> Scene:
    scene = Scene()
    everything(scene)
    scene.functions = (FunctionVersion(sid("ZN", 77), sid("ZH", 77), "/f", "public"),)
    return scene


FULL = document_of(everything_planned(full_scene()))


def test_the_same_plan_does_not_differ() -> None:
    assert first_difference(FULL, copy.deepcopy(FULL)) is None


def test_a_restore_in_place_of_an_upload_has_the_same_effect() -> None:
    """Another pipeline uploaded the content meanwhile."""
    scene = Scene()
    asset, _ = scene.ours("/a", "one")
    saved = document_of(scene.plan(want("/a", "two"), want("/b")))
    scene.remembers(asset, "/a", "two")
    scene.ours("/b", here=False)
    now = document_of(scene.plan(want("/a", "two"), want("/b")))
    assert [each["action"] for each in saved["actions"]] == ["upload", "create"]
    assert [each["action"] for each in now["actions"]] == ["restore", "restore"]
    assert first_difference(saved, now) is None


def test_a_rename_in_place_of_create_and_delete_has_the_same_effect() -> None:
    forgotten, remembered = Scene(), Scene()
    forgotten.ours("/old", None)
    remembered.ours("/old")
    saved, now = document_of(forgotten.plan(want("/new"))), document_of(remembered.plan(want("/new")))
    assert [each["action"] for each in now["actions"]] == ["rename"]
    assert first_difference(saved, now) is None
    assert first_difference(now, saved) is None


def test_warnings_refusals_and_estimates_may_differ() -> None:
    now = copy.deepcopy(FULL) | {"warnings": ["x"], "safety": [], "requests": 1, "bytes": 0}
    assert first_difference(FULL, now) is None


TARGETS = [
    ({"account_sid": sid("AC", 9)}, "it is for the account"),
    ({"service_sid": sid("ZS", 9)}, "it is for the Service"),
    ({"environment": "staging"}, "it is for the Environment production, this run for staging"),
    ({"environment_sid": sid("ZE", 9)}, "the Environment ZE"),
    ({"suffix": "stg"}, "its domain suffix was none and is stg"),
    ({"base_build": sid("ZB", 9)}, "somebody deployed since"),
]


@pytest.mark.parametrize(("changes", "sentence"), TARGETS, ids=[next(iter(each[0])) for each in TARGETS])
def test_another_target_is_named(changes: dict[str, str], sentence: str) -> None:
    other = document_of(full_scene().plan(target=replace(TARGET, **changes)))
    difference = first_difference(document_of(full_scene().plan()), other)
    assert difference is not None
    assert difference.startswith(sentence)


def test_another_manifest_is_named() -> None:
    difference = first_difference(FULL, copy.deepcopy(FULL) | {"owner": "shop"})
    assert difference == "it is of the manifest named website, this one is named shop"


def test_a_service_that_does_not_exist_yet_goes_by_its_name() -> None:
    def plan(service: str, service_sid: str | None) -> Document:
        return document_of(Scene().plan(target=replace(TARGET, service=service, service_sid=service_sid)))

    new = plan("my-site", None)
    assert first_difference(new, plan("my-site", None)) is None
    other = first_difference(new, plan("your-site", None))
    assert other == "it is for the Service my-site, this run for your-site"
    made = first_difference(new, plan("my-site", sid("ZS")))
    assert made == "the Service my-site did not exist then, and does now"
    assert (
        first_difference(plan("my-site", sid("ZS")), new) == "the Service my-site existed then, and does not any more"
    )
    renamed = first_difference(plan("my-site", sid("ZS")), plan("your-site", sid("ZS")))
    assert renamed is None


EFFECTS = [
    (lambda s: s.plan(want("/a", visibility="private")), "the visibility of /a changed since the plan"),
    (lambda s: s.plan(want("/a", content_type="text/html")), "the content type of /a changed since the plan"),
    (lambda s: s.plan(want("/a", "two")), "the content of /a changed since the plan"),
    (lambda s: s.plan(want("/a"), want("/b")), "/b is in the files and was not in the plan"),
    (lambda s: s.plan(), "/a was in the plan and is not in the files any more"),
]


@pytest.mark.parametrize(("plan", "sentence"), EFFECTS, ids=["visibility", "type", "content", "added", "removed"])
def test_what_is_served_is_compared_path_by_path(plan: Any, sentence: str) -> None:
    scene = Scene()
    assert first_difference(document_of(scene.plan(want("/a"))), document_of(plan(scene))) == sentence


def test_another_loss_is_named() -> None:
    scene = Scene()
    saved = document_of(scene.plan(want("/a")))
    scene.ours("/lost", "x")
    now = document_of(scene.plan(want("/a")))
    assert first_difference(saved, now) == "/lost would stop being served now, and was not in the plan"
    assert first_difference(now, saved) == "/lost would stop being served only in the plan"


def test_another_foreign_version_is_named() -> None:
    empty, one, owned = Scene(), Scene(), Scene()
    _, version = one.foreign("/x")
    owned.ours("/unrelated-number", here=False)
    _, other = owned.foreign("/x")
    saved, now = document_of(empty.plan(want("/a"))), document_of(one.plan(want("/a")))
    assert first_difference(saved, now) == f"/x ({version}) is carried over now, and was not in the plan"
    assert first_difference(now, saved) == f"/x ({version}) is carried over only in the plan"
    changed = first_difference(now, document_of(owned.plan(want("/a"))))
    assert changed in {
        f"/x ({version}) is carried over only in the plan",
        f"/x ({other}) is carried over now, and was not in the plan",
    }
    dropped = document_of(one.plan(want("/a"), drop_foreign=True))
    assert first_difference(dropped, saved) == f"/x ({version}) is dropped only in the plan"
    replaced = document_of(one.plan(want("/a"), want("/x")))
    created = document_of(empty.plan(want("/a"), want("/x")))
    assert first_difference(created, replaced) == f"/x ({version}) is replaced now, and was not in the plan"


def test_another_function_version_is_named() -> None:
    scene, other = Scene(), Scene()
    scene.functions = (FunctionVersion("ZN1", "ZH1", "/f", "public"),)
    other.functions = (FunctionVersion("ZN2", "ZH1", "/f", "public"),)
    difference = first_difference(document_of(scene.plan(want("/a"))), document_of(other.plan(want("/a"))))
    assert difference == "/f (ZN1) is a Function carried over only in the plan"


def test_the_consents_of_then_are_for_the_figures_of_then() -> None:
    assert consents_of(FULL) == (Consent("--allow-deletes", 41),)


class TestDamage:
    @pytest.mark.parametrize("document", [None, [], "x", 1, {}, {"format_version": "1"}, {"format_version": None}])
    def test_what_is_no_plan_is_refused_by_name(self, document: Any) -> None:
        with pytest.raises(UsageError, match=r"^some\.json is not a plan file$"):
            check_format(document, "some.json")

    def test_another_format_is_named(self) -> None:
        with pytest.raises(UsageError, match=r"some\.json has plan format 2, this assetsync reads 1"):
            check_format({"format_version": 2}, "some.json")

    def test_a_plan_is_let_through(self) -> None:
        assert check_format(FULL, "some.json") is FULL

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null"])
    def test_a_file_of_anything_else_is_refused_by_name(self, tmp_path: Path, content: bytes) -> None:
        file = tmp_path / "some.json"
        file.write_bytes(content)
        with pytest.raises(UsageError, match=r"some\.json is not a plan file"):
            read_saved(file)

    @pytest.mark.parametrize(
        "safety",
        [None, 1, [1], [{}], [{"override": "--x", "allowed_by": "--x", "observed": "many"}],
         [{"override": "--x", "allowed_by": "--x", "observed": float("inf")}]],
    )  # fmt: skip
    def test_consents_that_cannot_be_read_are_refused(self, safety: Any) -> None:
        with pytest.raises(Conflict, match="damaged or was edited"):
            consents_of({**FULL, "safety": safety})

    def test_a_document_without_its_safety_is_refused(self) -> None:
        with pytest.raises(Conflict, match="damaged or was edited"):
            consents_of({"format_version": 1})

    @pytest.mark.parametrize("key", [key for key in FULL if key not in {"summary", "build", "requests", "bytes"}])
    def test_a_missing_part_is_a_sentence(self, key: str) -> None:
        damaged = {name: value for name, value in FULL.items() if name != key}
        expected = None if key in {"format_version", "safety", "warnings"} else "the plan file is damaged or was edited"
        assert first_difference(damaged, FULL) == expected

    @given(st.data())
    def test_no_edit_makes_it_fail(self, data: st.DataObject) -> None:
        damaged = copy.deepcopy(FULL)
        for _ in range(data.draw(st.integers(1, 3))):
            _damage(damaged, data)
        text = json.dumps(damaged)
        document = json.loads(text)
        try:
            check_format(document, "some.json")
            difference = first_difference(document, FULL)
            consents_of(document)
        except (Conflict, UsageError) as error:
            assert error.message  # noqa: PT017
        else:
            assert difference is None or difference


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def _damage(document: Any, data: st.DataObject) -> None:
    """Replace or remove one value somewhere inside."""
    at: Any = document
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if isinstance(at[key], dict | list) and at[key] and data.draw(st.integers(0, 3)):
            at = at[key]
            continue
        if data.draw(st.booleans()):
            at[key] = data.draw(_JSON)
        else:
            del at[key]
        return
