"""Break each rule of planning, applying and safety on purpose, and see that a named test notices.

    python scripts/break_rules.py            every break, a few minutes
    python scripts/break_rules.py NAME...    those whose rule contains one of the words

Works in a temporary copy. A break counts as noticed only when its test ran and failed; before anything is broken, all
the tests must pass. Exits 1 when a break goes unnoticed, a test cannot be run, or a snippet no longer matches.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("assetsync", "schema", "tests", "pyproject.toml")
SECONDS = 120
FAILED = 1
"""Exit code of pytest for tests that ran and failed; any other one says nothing about the rule."""


@dataclass(frozen=True, slots=True)
class Break:
    """`old` in `file` becomes `new`; `test` must fail then."""

    rule: str
    file: str
    old: str
    new: str
    test: str


PLANNER, BOARD, PLAN = "assetsync/plan/planner.py", "assetsync/plan/board.py", "assetsync/plan/plan.py"
SAFETY, PREPARE = "assetsync/plan/safety.py", "assetsync/prepare.py"
MEMORY, SNAPSHOT = "assetsync/twilio/memory.py", "assetsync/twilio/snapshot.py"
SURVEY, PAGES, BODY = "assetsync/twilio/survey.py", "assetsync/twilio/pages.py", "assetsync/twilio/body.py"
APPLIER, NAMES, RELEASE = "assetsync/apply/applier.py", "assetsync/apply/names.py", "assetsync/apply/release.py"
UPLOADS, ONCE, JOURNAL = "assetsync/apply/uploads.py", "assetsync/apply/once.py", "assetsync/apply/journal.py"
GROUND, GC = "assetsync/apply/ground.py", "assetsync/apply/gc.py"
WITHDRAWAL = "assetsync/apply/withdrawal.py"
RETRY, LIMITER, REASONS = "assetsync/twilio/retry.py", "assetsync/twilio/limiter.py", "assetsync/plan/reasons.py"
TRANSPORTED, CLIENT = "tests/unit/twilio/test_transport.py::", "tests/unit/twilio/test_client.py::"
SCAN = "tests/unit/local/test_scan.py::"
UNIT_GC = "tests/unit/apply/test_gc_decide.py::"
AFTER = "tests/pipeline/test_after_the_deployment.py::"

UNIT_PLANNER, UNIT_SAFETY = "tests/unit/plan/test_planner.py::", "tests/unit/plan/test_safety.py::"
UNIT_MEMORY, UNIT_SNAPSHOT = "tests/unit/twilio/test_memory.py::", "tests/unit/twilio/test_snapshot.py::"
FOLDER, MOVES = "tests/pipeline/test_changes.py::TestFolderOf300Files::", "tests/pipeline/test_changes.py::TestMoves::"
IN_NAMES = "tests/pipeline/test_changes.py::TestNames::"
RESTORE, MACHINES = "tests/pipeline/test_restores.py::TestRestore::", "tests/pipeline/test_machines.py::TestMachines::"
FOREIGN = "tests/pipeline/test_foreign.py::TestWhatIsNotOurs::"
ENVIRONMENTS = "tests/pipeline/test_environments.py::TestEnvironments::"
REQUESTS, LOST = "tests/pipeline/test_requests.py::TestRequests::", "tests/pipeline/test_requests.py::TestLostAnswers::"
FAILURES = "tests/pipeline/test_failures.py::TestSomethingFails::"
LAST, FIRST = "tests/pipeline/test_failures.py::TestLastFile::", "tests/pipeline/test_failures.py::TestBeforeAnything::"
CROSSINGS = "tests/pipeline/test_crossings.py::TestCrossings::"
UNIT_RELEASE, CONTRADICTIONS = "tests/unit/apply/test_release.py::", "tests/reliability/test_contradictions.py::"

_UNCHANGED = "if entry and same_content(entry, asset) and same_type(entry, asset) and version.visibility =="
_FITS = "(version.asset_sid, version.path, version.visibility) == (own.sid, asset.path, asset.visibility)"

BREAKS = (
    Break(
        "a folder is looked at again after its entries",
        "assetsync/local/walk.py",
        "if visits and not _holds(folder):",
        "if False:",
        f"{SCAN}test_nothing_is_taken_from_a_folder_that_became_a_link_while_its_entries_were_looked_at",
    ),
    Break(
        "unchanged asks for the content",
        PLANNER,
        _UNCHANGED,
        "if entry and same_type(entry, asset) and version.visibility ==",
        f"{FOLDER}test_an_edit_is_one_upload_for_its_content",
    ),
    Break(
        "unchanged asks for the content type",
        PLANNER,
        _UNCHANGED,
        "if entry and same_content(entry, asset) and version.visibility ==",
        f"{FOLDER}test_another_content_type_is_one_upload_for_it",
    ),
    Break(
        "unchanged asks for the visibility",
        PLANNER,
        f"{_UNCHANGED} asset.visibility:",
        "if entry and same_content(entry, asset) and same_type(entry, asset):",
        f"{FOLDER}test_another_visibility_is_one_upload_for_it",
    ),
    Break(
        "unchanged asks for both digests where the manifest says so",
        BOARD,
        " and (asset.sha256 is None or asset.sha256.startswith(entry.sha256))",
        "",
        f"{UNIT_PLANNER}TestUnchanged::test_the_digest_alone_is_enough_unless_the_manifest_asks_for_sha256",
    ),
    Break(
        "restore is tried",
        PLANNER,
        "for decide in (_unchanged, _restore, _upload,",
        "for decide in (_unchanged, _upload,",
        f"{RESTORE}test_a_revert_uploads_nothing_and_says_why_it_changes",
    ),
    Break(
        "restore asks the service for the Version",
        PLANNER,
        f"version is not None\n            and {_FITS}\n            and ",
        "",
        f"{RESTORE}test_a_version_that_the_service_has_collected_is_uploaded_and_said_to_be_gone",
    ),
    Break(
        "restore asks for the same Asset",
        PLANNER,
        _FITS,
        "(version.path, version.visibility) == (asset.path, asset.visibility)",
        f"{UNIT_PLANNER}TestRestore::test_a_version_that_turns_out_to_belong_to_another_asset_is_not_used",
    ),
    Break(
        "restore asks for the path",
        PLANNER,
        _FITS,
        "(version.asset_sid, version.visibility) == (own.sid, asset.visibility)",
        f"{UNIT_PLANNER}TestRestore::test_a_verified_version_that_does_not_fit_is_not_used",
    ),
    Break(
        "restore asks for the visibility",
        PLANNER,
        _FITS,
        "(version.asset_sid, version.path) == (own.sid, asset.path)",
        f"{RESTORE}test_a_version_of_another_visibility_is_not_restored",
    ),
    Break(
        "restore asks for the SHA-256",
        PLANNER,
        "and entry.sha256 == board.sha96(asset)",
        "",
        f"{UNIT_PLANNER}TestRestore::test_a_sha256_that_does_not_agree_uploads_and_says_so",
    ),
    Break(
        "restore looks at the SHA-256 before it asks the service",
        PREPARE,
        "if not digests[asset.path].startswith(candidate.sha256):\n                continue",
        "if digests[asset.path].startswith(candidate.sha256):\n                continue",
        f"{RESTORE}test_a_revert_uploads_nothing_and_says_why_it_changes",
    ),
    Break(
        "restore asks for the content type",
        PLANNER,
        "            if same_content(entry, asset) and same_type(entry, asset):\n                yield own, entry",
        "            if same_content(entry, asset):\n                yield own, entry",
        f"{UNIT_PLANNER}TestRestore::test_another_content_type_is_no_restore",
    ),
    Break(
        "restore prefers the Asset that serves the path",
        PLANNER,
        "homes = (*serving.values(), *(own for own in board.unused(asset.path) if own.sid not in serving))",
        "homes = (*board.unused(asset.path), *serving.values())",
        f"{UNIT_PLANNER}TestRestore::test_the_asset_that_serves_comes_before_a_spare_one_with_a_smaller_sid",
    ),
    Break(
        "restore knows the renames that were killed",
        PLANNER,
        "[(own, own.entries[own.named :]) for own in renaming]",
        "[]",
        f"{MACHINES}test_renames_that_were_killed_before_their_names_are_not_sent_again",
    ),
    Break(
        "a Version that is gone is no error",
        PREPARE,
        "candidate.asset_sid, candidate.version_sid)\n    except NotFound:",
        "candidate.asset_sid, candidate.version_sid)\n    except ZeroDivisionError:",
        f"{RESTORE}test_a_version_that_the_service_has_collected_is_uploaded_and_said_to_be_gone",
    ),
    Break(
        "upload copies on write",
        PLANNER,
        "own.sid not in board.elsewhere and room(",
        "room(",
        f"{ENVIRONMENTS}test_an_asset_that_another_environment_serves_is_copied_on_write",
    ),
    Break(
        "upload leaves a name with room for one entry alone",
        PLANNER,
        "if own.sid not in board.elsewhere and room(asset.path, board.owner) > 1:",
        "if own.sid not in board.elsewhere:",
        f"{UNIT_PLANNER}TestUpload::test_a_name_with_room_for_one_entry_is_not_written_over_while_it_is_live",
    ),
    Break(
        "upload goes into the Asset that serves the path",
        PLANNER,
        "if own.sid not in board.elsewhere and room(asset.path, board.owner) > 1:",
        "if False:",
        f"{FOLDER}test_an_edit_is_one_upload_for_its_content",
    ),
    Break(
        "upload waits until a spare Asset is idle",
        PLANNER,
        "if own.idle and own.sid",
        "if own.sid",
        f"{UNIT_PLANNER}TestUpload::test_a_spare_asset_is_used_when_it_is_idle_and_nobody_serves_it",
    ),
    Break(
        "upload into a spare Asset that another Environment serves",
        PLANNER,
        "if own.idle and own.sid not in board.elsewhere and own.sid not in board.here:",
        "if own.idle and own.sid not in board.here:",
        f"{UNIT_PLANNER}TestUpload::test_a_spare_asset_is_used_when_it_is_idle_and_nobody_serves_it",
    ),
    Break(
        "upload into a spare Asset that this Environment serves",
        PLANNER,
        "if own.idle and own.sid not in board.elsewhere and own.sid not in board.here:",
        "if own.idle and own.sid not in board.elsewhere:",
        f"{UNIT_PLANNER}TestUpload::test_an_idle_spare_that_this_environment_serves_at_another_path_is_not_spare",
    ),
    Break(
        "upload uses an idle spare Asset",
        PLANNER,
        "if own.idle and own.sid not in board.elsewhere and own.sid not in board.here:",
        "if False:",
        f"{UNIT_PLANNER}TestUpload::test_a_long_path_uses_its_idle_spare_asset",
    ),
    Break(
        "rename is tried",
        PLANNER,
        "_upload, _rename, _create):",
        "_upload, _create):",
        f"{FOLDER}test_a_move_is_one_rename_that_keeps_the_asset",
    ),
    Break(
        "rename keeps the Asset only while its owner is alone",
        PLANNER,
        "keeps_asset = board.alone and ",
        "keeps_asset = ",
        f"{ENVIRONMENTS}test_while_another_environment_is_served_a_moved_file_gets_an_asset_of_its_own",
    ),
    Break(
        "rename keeps the Asset only with room for two entries",
        PLANNER,
        "keeps_asset = board.alone and room(asset.path, board.owner) > 1",
        "keeps_asset = board.alone",
        f"{UNIT_PLANNER}TestRename::test_a_new_asset_takes_a_path_whose_name_has_room_for_one_entry",
    ),
    Break(
        "rename prefers the same base name",
        PLANNER,
        "(_base_name(version.path) != _base_name(asset.path), version.path, own.sid)",
        "(False, version.path, own.sid)",
        f"{UNIT_PLANNER}TestRename::test_the_same_base_name_comes_first_then_the_smaller_path",
    ),
    Break(
        "rename uses a donor once",
        PLANNER,
        "    board.used.add(donor)\n",
        "",
        f"{UNIT_PLANNER}TestRename::test_a_donor_without_a_kept_sid_is_not_given_twice",
    ),
    Break(
        "rename takes unwanted paths only",
        BOARD,
        "for path in sorted(self._live_at.keys() - self.wanted)",
        "for path in sorted(self._live_at.keys())",
        f"{UNIT_PLANNER}TestRename::test_a_file_that_stays_and_is_copied_is_no_rename",
    ),
    Break(
        "each Asset is used once",
        BOARD,
        "self.used.add(action.asset_sid)",
        "pass",
        f"{UNIT_PLANNER}TestRestore::test_an_asset_whose_version_stays_live_at_another_path_cannot_restore_as_well",
    ),
    Break(
        "delete takes own unwanted paths off line",
        PLANNER,
        "if version.path not in told:",
        "if False:",
        f"{FOLDER}test_a_removed_file_is_one_delete_and_its_asset_stays",
    ),
    Break(
        "a renamed path is not deleted as well",
        PLANNER,
        "told = set(board.renamed)",
        "told = set[str]()",
        f"{FOLDER}test_a_move_is_one_rename_that_keeps_the_asset",
    ),
    Break(
        "foreign Versions are carried over",
        PLAN,
        "carried=() if drop_foreign else _in_order(remaining),",
        "carried=(),",
        f"{FOREIGN}test_is_kept_in_every_build_and_never_written_to",
    ),
    Break(
        "foreign Versions at wanted paths are left out",
        PLAN,
        "remaining = [each for each in foreign if each.path not in wanted]",
        "remaining = foreign",
        f"{FOREIGN}test_at_a_wanted_path_it_is_replaced_by_an_asset_of_ours_with_consent",
    ),
    Break(
        "foreign Versions are dropped where the manifest says so",
        PREPARE,
        "drop_foreign=manifest.unmanaged is Unmanaged.DROP,",
        "drop_foreign=False,",
        f"{FOREIGN}test_with_unmanaged_drop_it_goes_off_line_with_consent",
    ),
    Break(
        "Functions are carried over",
        APPLIER,
        "tuple(each.sid for each in self._plan.functions)",
        "()",
        f"{FOREIGN}test_is_kept_in_every_build_and_never_written_to",
    ),
    Break(
        "dependencies are carried over",
        APPLIER,
        "dependencies=self._plan.dependencies,",
        "dependencies=(),",
        f"{FOREIGN}test_is_kept_in_every_build_and_never_written_to",
    ),
    Break(
        "the runtime is carried over",
        APPLIER,
        "runtime=self._plan.runtime,",
        "runtime=None,",
        f"{FOREIGN}test_is_kept_in_every_build_and_never_written_to",
    ),
    Break(
        "another owner's Assets are foreign",
        SNAPSHOT,
        "if memory.owner != owner:",
        "if False:",
        f"{FOREIGN}test_another_owners_files_are_kept_and_taking_one_over_needs_its_own_consent",
    ),
    Break(
        "a copied name is found out by what is live",
        SNAPSHOT,
        "if all(belongs.get(each.version_sid, sid) == sid for each in asset.entries)",
        "if True",
        f"{UNIT_SNAPSHOT}TestCopiedNames::test_a_name_that_claims_a_live_version_of_another_asset_is_not_ours",
    ),
    Break(
        "a copied name is found out by asking the service",
        PREPARE,
        "cleaned = without_copied_names(client, known, plan)",
        "cleaned = known",
        f"{FOREIGN}test_a_copied_name_does_not_make_an_asset_ours",
    ),
    Break(
        "an Asset is idle after an hour only",
        SNAPSHOT,
        "now - date >= IDLE_AFTER",
        "now >= date",
        f"{UNIT_SNAPSHOT}TestIdle::test_an_asset_left_alone_for_an_hour_by_the_services_clock",
    ),
    Break(
        "a long label is told apart by its hash",
        MEMORY,
        "+ _HASH_MARK + digest",
        "+ _HASH_MARK + '0' * len(digest)",
        f"{UNIT_MEMORY}TestLabel::test_long_paths_that_begin_alike_have_labels_of_their_own",
    ),
    Break(
        "an entry tells the content type",
        MEMORY,
        "return xxhash.xxh3_64_hexdigest(content_type.encode())[:6]",
        "return '0' * 6",
        f"{FOLDER}test_another_content_type_is_one_upload_for_it",
    ),
    Break(
        "the new entry comes first",
        NAMES,
        "(*new, *serving, *rest)",
        "(*serving, *rest, *new)",
        f"{IN_NAMES}test_are_the_path_the_owner_and_the_newest_entries_first",
    ),
    Break(
        "what is live stays in the name",
        NAMES,
        "(*new, *serving, *rest)",
        "(*new, *rest)",
        f"{IN_NAMES}test_what_is_live_is_remembered_until_the_new_build_is",
    ),
    Break(
        "names are merged with what they say now",
        NAMES,
        "rest = (*current.entries, *wanted.known)",
        "rest = wanted.known",
        f"{CROSSINGS}test_names_are_merged_with_what_another_pipeline_wrote_meanwhile",
    ),
    Break(
        "names are written",
        NAMES,
        "    if not wanted:\n        return Named()\n    try:",
        "    return Named()\n    try:",
        f"{MACHINES}test_a_second_machine_sees_the_same_empty_plan",
    ),
    Break(
        "a name that is not ours is left alone",
        NAMES,
        "if current is None or current.owner != owner or (",
        "current = current or memory.Memory(goal.path, owner, ())\n        if (",
        f"{CROSSINGS}test_a_name_that_became_foreign_meanwhile_is_left_alone",
    ),
    Break(
        "overwritten entries are written again",
        APPLIER,
        "named.warnings or self._check_names(service)",
        "named.warnings",
        f"{CROSSINGS}test_an_entry_that_another_pipeline_overwrote_is_written_again",
    ),
    Break(
        "an Asset is ours from birth",
        UPLOADS,
        "name = memory.write(path, self._snapshot.owner)",
        "name = path",
        f"{MACHINES}test_a_first_run_killed_at_any_write_is_finished_by_a_fresh_machine",
    ),
    Break(
        "a page that fails fails the plan",
        SURVEY,
        "tuple(assets.result())",
        "(() if assets.exception() else tuple(assets.result()))",
        f"{REQUESTS}test_a_page_that_fails_fails_the_plan",
    ),
    Break(
        "lists are read to their last page",
        PAGES,
        'following = meta.text_or_none("next_page_url")',
        "following = None",
        f"{REQUESTS}test_a_plan_without_changes_takes_two_and_one_a_thousand_assets",
    ),
    Break(
        "other Environments' Builds are read",
        SURVEY,
        "return snapshot.with_others(fetched)",
        "return snapshot.with_others(())",
        f"{ENVIRONMENTS}test_an_asset_that_another_environment_serves_is_copied_on_write",
    ),
    Break(
        "an Asset that the list lacks is fetched",
        SURVEY,
        "late = tuple(asset for each in missing if",
        "late = tuple(asset for each in () if",
        f"{REQUESTS}test_an_asset_that_the_list_does_not_show_yet_is_asked_for",
    ),
    Break(
        "a Service is addressed by its SID where its name does not lead",
        SURVEY,
        "environments, assets = _lists(client, found.sid)",
        "environments, assets = _lists(client, service)",
        f"{REQUESTS}test_where_the_unique_name_does_not_lead_below_a_service_its_sid_does",
    ),
    Break(
        "an empty plan writes nothing",
        APPLIER,
        "return applier.change(journal) if plan.build_needed else applier.repair()",
        "return applier.change(journal)",
        f"{FOLDER}test_the_second_plan_is_empty_and_its_apply_sends_no_write",
    ),
    Break(
        "a partial failure deploys nothing",
        APPLIER,
        "if len(self._sent) == len(self._plan.sending):",
        "if self._sent:",
        f"{FAILURES}test_one_file_that_fails_keeps_everything_from_being_deployed",
    ),
    Break(
        "a partial failure remembers what was uploaded",
        APPLIER,
        "        self._remember(service)\n        if uploader.failures:",
        "        if uploader.failures:",
        f"{FAILURES}test_one_file_that_fails_keeps_everything_from_being_deployed",
    ),
    Break(
        "a changed file never becomes a Version",
        BODY,
        "if fast.hexdigest() != self._digest:",
        "if False:",
        f"{FAILURES}test_a_file_that_changes_after_the_plan_never_becomes_a_version",
    ),
    Break(
        "the Build is polled",
        APPLIER,
        "                if build_sid is not None:\n",
        "                if build_sid is None:\n",
        f"{FAILURES}test_the_deployment_waits_until_the_build_is_completed",
    ),
    Break(
        "a failed Build is not deployed",
        RELEASE,
        'if status == "completed"',
        'if status in {"completed", "failed"}',
        f"{FAILURES}test_a_build_that_fails_is_not_deployed_and_not_used_again",
    ),
    Break(
        "a failed Build is not taken for ours",
        RELEASE,
        'if young and build.status != "failed" and',
        "if young and",
        f"{FAILURES}test_a_failed_build_is_not_taken_for_the_one_whose_answer_was_lost",
    ),
    Break(
        "the last file un-deploys",
        APPLIER,
        "build = None if self._plan.unserves_all else release",
        "build = release",
        f"{LAST}test_when_nothing_is_left_a_deployment_without_a_build_takes_it_off_line",
    ),
    Break(
        "the Environment is read again before the Deployment",
        RELEASE,
        "if now.build_sid != self._base:",
        "if False:",
        f"{CROSSINGS}test_while_we_upload_is_a_conflict_and_nothing_is_deployed",
    ),
    Break(
        "look back after the Deployment",
        APPLIER,
        "seen = release.look_back(deployment_sid, build_sid)",
        "seen = tuple[str, ...]()",
        f"{CROSSINGS}test_in_the_moment_before_our_deployment_is_put_back",
    ),
    Break(
        "what was overwritten is put back",
        WITHDRAWAL,
        "standing(history, self._base, self._void, self._late) if wrong else self.live",
        "self.live",
        f"{CROSSINGS}test_in_the_moment_before_our_deployment_is_put_back",
    ),
    Break(
        "what was put back too late is put right",
        WITHDRAWAL,
        "self._late.add(sid)",
        "pass",
        f"{CROSSINGS}test_before_we_put_back_what_we_overwrote_is_put_back_instead",
    ),
    Break(
        "a run that lost deletes its Build",
        WITHDRAWAL,
        "self._client.delete_build(self._environment.service_sid, self._ours)",
        "pass",
        f"{CROSSINGS}test_by_two_more_runs_leaves_the_first_one_live_and_the_builds_of_the_others_deleted",
    ),
    Break(
        "a Build that comes again takes away what was deployed over it",
        WITHDRAWAL,
        " <= 1:",
        " <= 0:",
        "tests/laws/test_release_protocol.py::"
        "test_of_several_runs_exactly_one_is_done_and_its_build_is_live_in_the_end",
    ),
    Break(
        "nothing goes off line on a guess",
        WITHDRAWAL,
        " or (build is None and stack != [base])",
        "",
        "tests/unit/apply/test_withdrawal.py::test_what_stands_when_ours_never_was",
    ),
    Break(
        "what was taken off line before is not put back",
        RELEASE,
        "each.sid != self._floor",
        "True",
        f"{UNIT_RELEASE}test_what_was_taken_off_line_before_is_not_put_back",
    ),
    Break(
        "a Build that may be another run's is never deleted",
        RELEASE,
        "keep=build_sid == self._adopted",
        "keep=False",
        f"{UNIT_RELEASE}test_a_build_that_may_be_another_runs_is_never_deleted",
    ),
    Break(
        "a Version that was there before does not hold what was sent",
        UPLOADS,
        "if version.sid in self._known:",
        "if False:",
        f"{CONTRADICTIONS}test_an_answer_to_a_write_about_something_else_writes_nothing_wrong",
    ),
    Break(
        "who deploys after ours has not crossed it",
        RELEASE,
        "if before == self._base:",
        "if False:",
        f"{CROSSINGS}test_after_ours_is_nobodys_conflict",
    ),
    Break(
        "a Service that somebody made meanwhile is a conflict",
        GROUND,
        " or look() is None:",
        " or True:",
        f"{CROSSINGS}test_what_the_plan_was_to_make_and_somebody_else_made_is_a_conflict",
    ),
    Break(
        "uploads are written to the journal",
        UPLOADS,
        "self._journal.version_made(self._service, asset_sid, entry)",
        "pass",
        f"{MACHINES}test_an_interrupted_run_goes_on_without_sending_again_what_was_acknowledged",
    ),
    Break(
        "one run a machine",
        JOURNAL,
        "fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "pass",
        f"{MACHINES}test_a_second_run_on_the_same_machine_waits_its_turn",
    ),
    Break(
        "look before a write is repeated",
        ONCE,
        "        return look()\n",
        "        return None\n",
        f"{LOST}test_make_no_second_asset_build_or_deployment",
    ),
    Break(
        "a write that did not happen is repeated",
        ONCE,
        "for attempt in range(1, TRIES):",
        "for attempt in range(1, 1):",
        f"{LOST}test_make_no_second_asset_build_or_deployment",
    ),
    Break(
        "an unknown outcome is said to be unknown",
        ONCE,
        "    except ServiceError as blind:\n",
        "    except ServiceError:\n        raise lost from None\n    except ArithmeticError as blind:\n",
        f"{LOST}test_where_no_look_can_tell_it_says_so_and_names_the_build",
    ),
    Break(
        "a Deployment that is there already is success",
        RELEASE,
        'if "already has requested deployment" in error.message else None',
        "if False else None",
        f"{LOST}test_a_deployment_that_is_there_already_is_success",
    ),
    Break(
        "a new Service is read-only in the Console",
        GROUND,
        "ui_editable=False",
        "ui_editable=True",
        f"{FIRST}test_a_service_that_would_be_created_is_read_only_in_the_console_and_needs_consent",
    ),
    Break(
        "an Environment with another suffix is refused",
        PREPARE,
        "if each.unique_name == wanted.name and each.domain_suffix == wanted.suffix:",
        "if each.unique_name == wanted.name:",
        f"{FIRST}test_an_environment_with_another_suffix_is_refused_by_name",
    ),
    Break(
        "guard: too many deletes",
        SAFETY,
        "_deletes(plan, served, max_delete),",
        "(),",
        f"{UNIT_SAFETY}TestTooManyDeletes::test_the_default_limit_is_30_percent_of_the_paths_served",
    ),
    Break(
        "guard: three or fewer deletes pass by default",
        SAFETY,
        "(max_delete is None and lost <= NEVER_REFUSED)",
        "(max_delete is None and lost < NEVER_REFUSED)",
        f"{UNIT_SAFETY}TestTooManyDeletes::test_the_default_never_refuses_three_or_fewer",
    ),
    Break(
        "guard: a folder became empty, or everything would go",
        SAFETY,
        "_empty(plan, served, folders),",
        "(),",
        f"{UNIT_SAFETY}TestEmpty::test_one_of_several_folders_has_become_empty",
    ),
    Break(
        "guard: replacements and takeovers",
        SAFETY,
        "_replacements(plan),",
        "(),",
        f"{UNIT_SAFETY}TestForeign::test_a_replacement_and_a_takeover_have_their_own_flags",
    ),
    Break(
        "guard: foreign Assets dropped",
        SAFETY,
        "_drops(plan),",
        "(),",
        f"{UNIT_SAFETY}TestForeign::test_dropping_needs_consent",
    ),
    Break(
        "guard: a Service that does not exist",
        SAFETY,
        "_new_service(plan),",
        "(),",
        f"{FIRST}test_a_service_that_would_be_created_is_read_only_in_the_console_and_needs_consent",
    ),
    Break(
        "guard: Flex's own",
        SAFETY,
        "_flex(plan),",
        "(),",
        f"{UNIT_SAFETY}TestPlaces::test_the_service_of_flex",
    ),
    Break(
        "guard: files that look like secrets",
        SAFETY,
        "_secrets(plan),",
        "(),",
        f"{UNIT_SAFETY}TestSecrets::test_files_that_look_like_secrets_and_are_to_be_served",
    ),
    Break(
        "guard: a consent that names a figure agrees to no more",
        SAFETY,
        "(consent.figure is None or refusal.observed <= consent.figure)",
        "True",
        f"{UNIT_SAFETY}test_a_consent_that_names_a_figure_agrees_to_no_more",
    ),
    Break(
        "a 429 is tried again whatever the method",
        RETRY,
        "return again is Again.ALWAYS or (again is Again.IF_REPEATABLE and repeatable)",
        "return again is Again.IF_REPEATABLE and repeatable",
        f"{TRANSPORTED}test_a_429_is_tried_again_whatever_the_method",
    ),
    Break(
        "a write that may have happened is not repeated unseen",
        RETRY,
        "return again is Again.ALWAYS or (again is Again.IF_REPEATABLE and repeatable)",
        "return again is not Again.NEVER",
        f"{TRANSPORTED}test_a_write_whose_outcome_is_unknown_is_not_repeated",
    ),
    Break(
        "Retry-After is obeyed",
        RETRY,
        "delay = jitter + min(max(retry_after or 0.0, 0.0), policy.retry_after_cap)",
        "delay = jitter",
        f"{TRANSPORTED}test_retry_after_is_obeyed_and_bounded",
    ),
    Break(
        "tries are counted",
        RETRY,
        "    if attempt >= policy.tries:",
        "    if attempt > policy.tries:",
        f"{TRANSPORTED}test_tries_are_counted",
    ),
    Break(
        "concurrency shrinks on 429",
        LIMITER,
        "narrower = max(1, window.limit * 3 // 4)",
        "narrower = window.limit",
        f"{TRANSPORTED}test_concurrency_shrinks_when_twilio_is_busy",
    ),
    Break(
        "the next page is on the same host",
        PAGES,
        "            _check_origin(operation, following, url)",
        "            pass",
        f"{CLIENT}test_the_credentials_never_leave_for_another_host",
    ),
    Break(
        "a remembered Version that is gone is told",
        REASONS,
        "                yield Reason.VERSION_GONE",
        "                yield Reason.NEW",
        f"{UNIT_PLANNER}TestRestore::test_a_verified_version_that_does_not_fit_is_not_used",
    ),
    Break(
        "what the journal alone remembers is written into the names",
        PLAN,
        "not snapshot.own[action.asset_sid].names(action.version_sid)",
        "False",
        f"{UNIT_PLANNER}TestUnchanged::test_what_only_the_journal_remembers_is_unchanged_and_its_name_repaired",
    ),
    Break(
        "nothing is built once a stop was asked for",
        RELEASE,
        'if status == "completed" and not stop.is_set():',
        'if status == "completed":',
        "tests/cli/test_signals.py::test_a_signal_while_the_build_is_made_deploys_nothing",
    ),
    Break(
        "a look back that fails is a warning",
        RELEASE,
        "        except AssetsyncError as error:\n            return (f",
        "        except KeyError as error:\n            return (f",
        f"{AFTER}test_a_look_back_that_fails_is_a_warning_for_a_build_that_is_live",
    ),
    Break(
        "gc leaves a copied name alone",
        GC,
        "each.versions.isdisjoint(version.sid for version in versions)",
        "False",
        f"{AFTER}TestSweep::test_leaves_a_foreign_asset_that_bears_a_copied_name",
    ),
    Break(
        "gc leaves what is young alone",
        GC,
        "    return moment is not None and now - moment > MIN_AGE",
        "    return moment is not None",
        f"{UNIT_GC}test_what_is_younger_than_a_day_or_tells_no_date_is_left_alone_and_counted",
    ),
    Break(
        "gc leaves live Builds alone",
        GC,
        "        if build.sid not in live\n        and build.date_created",
        "        if build.date_created",
        f"{UNIT_GC}TestOldBuilds::test_live_ones_stay_besides",
    ),
)


def main(words: list[str]) -> int:
    chosen = [each for each in BREAKS if not words or any(word in each.rule for word in words)]
    if not chosen:
        print(f"no rule contains {' or '.join(words)}")
        return 1
    with tempfile.TemporaryDirectory(prefix="break-rules-") as folder:
        copy = Path(folder)
        for name in COPIED:
            _copy(ROOT / name, copy / name)
        sound = _run(copy, *sorted({each.test for each in chosen}))
        if sound.returncode != 0:
            print(f"{sound.stdout}{sound.stderr}\nthe tests do not pass before anything is broken")
            return 1
        widths = [max(len(text) for text in column) for column in zip(*map(_row, chosen), strict=True)]
        failed = 0
        for each in chosen:
            verdict = _try(copy, each)
            failed += verdict != "yes"
            cells = [text.ljust(width) for text, width in zip(_row(each), widths, strict=True)]
            print(" | ".join((*cells, verdict)), flush=True)
    print(f"{len(chosen) - failed} of {len(chosen)} breaks were noticed")
    return 1 if failed else 0


def _row(each: Break) -> tuple[str, str]:
    return each.rule, each.test.rpartition("::")[2]


def _try(copy: Path, each: Break) -> str:
    """Break one rule in the copy, run its test, mend it; "yes" where the test failed."""
    file = copy / each.file
    sound = file.read_text()
    if sound.count(each.old) != 1:
        return f"the snippet is there {sound.count(each.old)} times in {each.file}"
    file.write_text(sound.replace(each.old, each.new))
    try:
        code = _run(copy, each.test).returncode
    except subprocess.TimeoutExpired:
        return "the test does not end"
    finally:
        file.write_text(sound)
    return {FAILED: "yes", 0: "NO"}.get(code, f"the test cannot be run (pytest exit code {code})")


def _run(copy: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """The copy's package comes before the installed one; no stale bytecode is left behind."""
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--tb=line", "--no-header", *tests]
    return subprocess.run(
        command, cwd=copy, env=environment, timeout=SECONDS, capture_output=True, check=False, text=True
    )


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
    else:
        shutil.copy2(source, target)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
