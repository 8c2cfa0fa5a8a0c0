"""Each guard: its figure, its limit, the flag that overrides it and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assetsync.manifest.model import MaxDelete
from assetsync.model import FolderTally
from assetsync.plan.safety import (
    Consent,
    Refusal,
    consents_from,
    lost_paths,
    own_paths,
    review,
    unanswered,
    with_consents,
)
from tests.unit.plan.scene import TARGET, Scene, want

PUBLIC = FolderTally("public", "/", 1)


def reviewed(
    scene: Scene, *wanted: str, limit: MaxDelete | None = None, folders: tuple[FolderTally, ...] = (PUBLIC,)
) -> list[tuple[str, int, str, str]]:
    """(reason, figure, limit, flag) of each refusal of a plan that wants these paths."""
    plan = scene.plan(*(want(path, path) for path in wanted))
    return [
        (each.reason, each.observed, each.limit, each.override) for each in review(plan, scene.snapshot, folders, limit)
    ]


def serving(count: int) -> Scene:
    scene = Scene()
    for number in range(count):
        scene.ours(f"/{number:03}", f"/{number:03}")
    return scene


def names(*numbers: int) -> list[str]:
    return [f"/{number:03}" for number in numbers]


class TestTooManyDeletes:
    def test_the_default_limit_is_30_percent_of_the_paths_served(self) -> None:
        assert reviewed(serving(20), *names(*range(14))) == []
        assert reviewed(serving(20), *names(*range(13))) == [("max-delete", 7, "30%", "--allow-deletes")]

    def test_the_default_never_refuses_three_or_fewer(self) -> None:
        assert reviewed(serving(4), *names(0)) == []
        assert reviewed(serving(5), *names(0)) == [("max-delete", 4, "30%", "--allow-deletes")]

    def test_an_explicit_limit_refuses_a_single_one(self) -> None:
        assert reviewed(serving(4), *names(0, 1, 2), limit=MaxDelete(percent=20)) == [
            ("max-delete", 1, "20%", "--allow-deletes")
        ]
        assert reviewed(serving(4), *names(0, 1, 2), limit=MaxDelete(count=0)) == [
            ("max-delete", 1, "0", "--allow-deletes")
        ]

    def test_a_count_is_taken_literally(self) -> None:
        assert reviewed(serving(100), *names(*range(95)), limit=MaxDelete(count=5)) == []
        assert reviewed(serving(100), *names(*range(94)), limit=MaxDelete(count=5)) == [
            ("max-delete", 6, "5", "--allow-deletes")
        ]

    def test_exactly_the_limit_is_allowed(self) -> None:
        assert reviewed(serving(4), *names(0, 1, 2), limit=MaxDelete(percent=25)) == []

    def test_nothing_lost_is_never_refused(self) -> None:
        assert reviewed(serving(2), *names(0, 1), "/new", limit=MaxDelete(count=0)) == []

    def test_a_rename_loses_its_old_path(self) -> None:
        """A link to it breaks, whatever the action is called."""
        scene = Scene()
        for number in range(10):
            scene.ours(f"/{number}", f"content {number}")
        plan = scene.plan(*(want(f"/moved/{number}", f"content {number}") for number in range(10)))
        assert plan.summary["rename"] == 10
        (refusal,) = review(plan, scene.snapshot, (PUBLIC,), None)
        assert (refusal.reason, refusal.observed) == ("max-delete", 10)
        assert refusal.message == "10 of 10 paths would stop being served, 100.00 %: over 30 %"

    def test_a_changed_fingerprint_loses_nothing(self) -> None:
        scene = Scene()
        for number in range(10):
            scene.ours(f"/{number}-3f9c1b2a.js", "old")
        wanted = [f"/{number}-9d8e7f6a.js" for number in range(10)]
        assert reviewed(scene, *wanted) == []
        assert reviewed(scene, *wanted[:5]) == [("max-delete", 5, "30%", "--allow-deletes")]

    def test_only_this_owners_paths_count(self) -> None:
        scene = serving(10)
        for number in range(90):
            scene.foreign(f"/foreign/{number}")
        assert reviewed(scene, *names(*range(6))) == [("max-delete", 4, "30%", "--allow-deletes")]

    def test_the_message_names_a_count_limit(self) -> None:
        scene = serving(2)
        (refusal,) = review(scene.plan(want("/000", "/000")), scene.snapshot, (PUBLIC,), MaxDelete(count=0))
        assert refusal.message == "1 of 2 paths would stop being served: over the limit of 0"


class TestEmpty:
    def test_everything_would_go(self) -> None:
        """With 3 paths or fewer this is the only guard."""
        assert reviewed(serving(1)) == [("empty", 1, "1 file left", "--allow-empty")]

    def test_also_when_foreign_assets_remain(self) -> None:
        scene = serving(2)
        scene.foreign("/foreign")
        assert reviewed(scene) == [("empty", 2, "1 file left", "--allow-empty")]

    def test_beside_too_many_deletes_both_refuse(self) -> None:
        assert [each[0] for each in reviewed(serving(5))] == ["max-delete", "empty"]

    def test_one_of_several_folders_has_become_empty(self) -> None:
        scene = serving(10)
        scene.ours("/audio/a.mp3", "x")
        folders = (FolderTally("public", "/", 10), FolderTally("sound", "/audio/", 0))
        assert reviewed(scene, *names(*range(10)), folders=folders) == [
            ("empty-folder", 1, "1 file left", "--allow-empty")
        ]
        (refusal,) = review(scene.plan(*(want(n, n) for n in names(*range(10)))), scene.snapshot, folders, None)
        assert refusal.message == "the folder sound is empty while it serves 1 path below /audio/"

    def test_the_outer_of_two_nested_folders_has_become_empty(self) -> None:
        scene = serving(2)
        scene.ours("/audio/a.mp3", "/audio/a.mp3")
        scene.ours("/audio/b.mp3", "/audio/b.mp3")
        folders = (FolderTally("public", "/", 0), FolderTally("sound", "/audio/", 1))
        assert reviewed(scene, "/audio/a.mp3", folders=folders) == [("empty-folder", 2, "1 file left", "--allow-empty")]

    def test_a_folder_that_was_always_empty_does_not_refuse(self) -> None:
        folders = (PUBLIC, FolderTally("sound", "/audio/", 0))
        assert reviewed(serving(2), *names(0), folders=folders) == []

    def test_an_empty_folder_whose_target_another_one_fills_does_not_refuse(self) -> None:
        folders = (PUBLIC, FolderTally("more", "/", 0))
        assert reviewed(serving(2), *names(0), folders=folders) == []

    def test_files_that_another_folder_brings_are_not_gone(self) -> None:
        scene = serving(2)
        scene.ours("/audio/a.mp3", "/audio/a.mp3")
        folders = (PUBLIC, FolderTally("sound", "/audio/", 0))
        assert reviewed(scene, *names(0, 1), "/audio/a.mp3", "/new", folders=folders) == []


class TestForeign:
    def test_a_replacement_and_a_takeover_have_their_own_flags(self) -> None:
        scene = Scene()
        for path in ("/a", "/b", "/c", "/d"):
            scene.foreign(path)
        scene.foreign("/s", owner="shop")
        plan = scene.plan(*(want(path) for path in ("/a", "/b", "/c", "/d", "/s")))
        replaced, taken = review(plan, scene.snapshot, (PUBLIC,), None)
        assert replaced == Refusal(
            "replace",
            "4 assets that assetsync did not make would be replaced: /a, /b, /c and 1 more",
            4,
            "0",
            "--allow-replace",
        )
        assert taken == Refusal(
            "takeover", "1 asset of another manifest (shop) would be taken over: /s", 1, "0", "--allow-takeover"
        )

    def test_dropping_needs_consent(self) -> None:
        scene = Scene()
        scene.ours("/a", "/a")
        scene.foreign("/b")
        plan = scene.plan(want("/a", "/a"), drop_foreign=True)
        assert review(plan, scene.snapshot, (PUBLIC,), None) == (
            Refusal("drop", "unmanaged: drop would take 1 asset off line: /b", 1, "0", "--allow-drop"),
        )

    def test_carrying_needs_none(self) -> None:
        scene = Scene()
        scene.foreign("/b")
        assert reviewed(scene, "/a") == []


class TestPlaces:
    def test_a_service_that_does_not_exist(self) -> None:
        scene = Scene()
        plan = scene.plan(want("/a"), target=replace(TARGET, service="my-sitee", service_sid=None))
        (refusal,) = review(plan, scene.snapshot, (PUBLIC,), None)
        assert (refusal.reason, refusal.observed, refusal.override) == ("create-service", 1, "--create-service")
        assert "my-sitee does not exist in this account and region" in refusal.message

    def test_the_service_of_flex(self) -> None:
        scene = Scene()
        plan = scene.plan(want("/plugins/a"), target=replace(TARGET, service="default"))
        (refusal,) = review(plan, scene.snapshot, (PUBLIC,), None)
        assert refusal == Refusal("flex", "the Service default belongs to Twilio Flex", 1, "0", "--allow-flex")

    def test_paths_of_flex(self) -> None:
        scene = Scene()
        scene.ours("/plugins/gone", "x")
        scene.ours("/plugins/same", "/plugins/same")
        assert reviewed(scene, "/plugins/new", "/plugins/same", "/plugin", "/x/plugins/y") == [
            ("flex", 2, "0", "--allow-flex")
        ]

    def test_a_rename_out_of_the_paths_of_flex(self) -> None:
        scene = Scene()
        scene.ours("/plugins/a", "/b")
        assert reviewed(scene, "/b") == [("flex", 1, "0", "--allow-flex")]

    def test_flex_plugins_that_would_be_dropped(self) -> None:
        scene = Scene()
        scene.foreign("/plugins/x/bundle.js")
        plan = scene.plan(want("/a"), drop_foreign=True)
        assert [each.override for each in review(plan, scene.snapshot, (PUBLIC,), None)] == [
            "--allow-drop",
            "--allow-flex",
        ]

    def test_flex_plugins_that_are_carried_do_not_refuse(self) -> None:
        scene = Scene()
        scene.foreign("/plugins/x/bundle.js")
        assert reviewed(scene, "/a") == []


class TestSecrets:
    def test_files_that_look_like_secrets_and_are_to_be_served(self) -> None:
        scene = Scene()
        env = want("/.env", secret="its name")
        key = want("/key.pem", visibility="protected", secret="PRIVATE KEY in it")
        plan = scene.plan(env, key, want("/a"))
        (refusal,) = review(plan, scene.snapshot, (PUBLIC,), None)
        assert refusal == Refusal(
            "secrets",
            "2 files that look like secrets would be public or protected: "
            "public/.env (its name), public/key.pem (PRIVATE KEY in it)",
            2,
            "0",
            "--allow-secrets",
            files=("public/.env (its name)", "public/key.pem (PRIVATE KEY in it)"),
        )

    def test_one_is_told_in_the_singular(self) -> None:
        scene = Scene()
        (refusal,) = review(scene.plan(want("/.env", secret="its name")), scene.snapshot, (PUBLIC,), None)
        assert refusal.message == "1 file that looks like a secret would be public: public/.env (its name)"

    def test_one_that_is_served_already_does_not_refuse_again(self) -> None:
        scene = Scene()
        scene.ours("/.env")
        plan = scene.plan(want("/.env", secret="its name"), want("/a"))
        assert review(plan, scene.snapshot, (PUBLIC,), None) == ()

    def test_a_changed_one_does(self) -> None:
        scene = Scene()
        scene.ours("/.env", "before")
        plan = scene.plan(want("/.env", "after", secret="its name"))
        assert [each.reason for each in review(plan, scene.snapshot, (PUBLIC,), None)] == ["secrets"]


def test_a_plan_without_changes_is_never_refused() -> None:
    """The Service default, a secret under /plugins/ and an empty folder: nothing of it is this run's doing."""
    scene = Scene()
    scene.ours("/plugins/.env")
    plan = scene.plan(want("/plugins/.env", secret="its name"), target=replace(TARGET, service="default"))
    assert review(plan, scene.snapshot, (FolderTally("public", "/", 0),), MaxDelete(count=0)) == ()


REFUSALS = tuple(
    Refusal(reason, "...", 42, "30%", override)
    for reason, override in [
        ("max-delete", "--allow-deletes"),
        ("empty", "--allow-empty"),
        ("replace", "--allow-replace"),
        ("takeover", "--allow-takeover"),
        ("drop", "--allow-drop"),
        ("create-service", "--create-service"),
        ("flex", "--allow-flex"),
        ("secrets", "--allow-secrets"),
    ]
)


@pytest.mark.parametrize("mine", REFUSALS, ids=lambda each: each.reason)
def test_a_consent_covers_its_own_reason_only(mine: Refusal) -> None:
    left = unanswered(with_consents(REFUSALS, [Consent(mine.override)]))
    assert left == tuple(each for each in REFUSALS if each is not mine)


@pytest.mark.parametrize(
    ("figure", "allowed_by"),
    [(None, "--allow-deletes"), (42, "--allow-deletes=42"), (43, "--allow-deletes=43"), (41, None), (0, None)],
)
def test_a_consent_that_names_a_figure_agrees_to_no_more(figure: int | None, allowed_by: str | None) -> None:
    (refusal,) = with_consents(REFUSALS[:1], [Consent("--allow-deletes", figure)])
    assert refusal.allowed_by == allowed_by


def test_any_of_several_consents_will_do() -> None:
    given = consents_from({"--allow-empty": None, "--allow-deletes": 50})
    answered = with_consents(REFUSALS[:2], [Consent("--allow-deletes", 1), *given])
    assert [each.allowed_by for each in answered] == ["--allow-deletes=50", "--allow-empty"]
    assert unanswered(answered) == ()


def test_the_paths_that_an_owner_serves_and_loses() -> None:
    scene = serving(3)
    scene.foreign("/foreign")
    plan = scene.plan(want("/001", "/001"), want("/new"))
    assert own_paths(scene.snapshot) == {"/000", "/001", "/002"}
    assert lost_paths(plan, own_paths(scene.snapshot)) == ("/000", "/002")
