"""verify, and apply --verify: what visitors get, held against the folders. Faults are planted by another client."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from twilio.request_validator import RequestValidator

from assetsync.twilio.retry import SystemClock
from assetsync.twilio.signature import signature
from tests.cli.fixtures import KEY, stage_of_its_own

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.stage import Ran, Stage

RULES = "    rules:\n      - {match: 'in/**', visibility: protected}\n      - {match: 'deep/**', visibility: private}\n"


@pytest.fixture
def guarded(stage: Stage) -> Stage:
    """Something of each visibility is live."""
    stage.manifest(RULES)
    stage.write({"a.html": "<p>", "css/b.css": "b{}", "in/c.txt": "signed", "deep/d.txt": "nobody's"})
    stage.apply()
    return stage


def plant(
    stage: Stage, path: str, content: bytes, *, visibility: str = "public", content_type: str = "text/plain"
) -> None:
    """Behind our back another Version of the very Asset is live at `path`."""
    live = {each["path"]: each for each in (stage.outside.live() or {})["asset_versions"]}
    new = stage.outside.add_version(
        live[path]["asset_sid"], path, content, visibility=visibility, content_type=content_type
    )
    stage.outside.publish("production", new, *(each["sid"] for at, each in live.items() if at != path))


def faults(ran: Ran) -> dict[str, str]:
    return {each["path"]: each["fault"] for each in ran.document["verified"]["findings"]}


def site_requests(stage: Stage) -> list[tuple[str, str]]:
    return [(each.method, each.path) for each in stage.emulator.core.requests.entries() if each.site]


def test_three_planted_faults_among_a_thousand_files_are_found(stage: Stage) -> None:
    stage.write({f"f{number}.txt": f"file {number}" for number in range(1000)})
    stage.apply()
    plant(stage, "/f17.txt", b"file 16")
    plant(stage, "/f500.txt", b"file 500", content_type="text/html")
    plant(stage, "/f999.txt", b"file 999", visibility="protected")

    ran = stage.run("verify", "--format", "json").holds(1)

    assert faults(ran) == {"/f17.txt": "bytes", "/f500.txt": "content-type", "/f999.txt": "visibility"}
    assert ran.document["verified"]["checked"] == 1000
    assert len(ran.requests) == 1, "the API is asked for the domain alone"
    said = stage.run("verify").holds(1, "3 paths are not served as the folders hold them, of 1000").err
    assert "/f17.txt (public/f17.txt): other bytes are served" in said
    assert "/f500.txt (public/f500.txt): served as text/html, not as text/plain" in said
    assert "/f999.txt (public/f999.txt): nobody may read it (HTTP 403), and it should be public" in said


def test_what_is_right_leaves_with_0_and_writes_nothing(guarded: Stage) -> None:
    ran = guarded.run("verify").holds(0, "4 paths served as in the folders; 1 private file cannot be read back")

    assert not ran.writes
    assert {method for method, _path in site_requests(guarded)} == {"GET"}, "the asset host refuses HEAD"


def test_protected_bytes_are_read_with_a_signature(guarded: Stage) -> None:
    plant(guarded, "/in/c.txt", b"forged", visibility="protected")

    assert faults(guarded.run("verify", "--format", "json").holds(1)) == {"/in/c.txt": "bytes"}


def test_an_api_key_cannot_sign_and_that_is_said(guarded: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(guarded, "/in/c.txt", b"forged", visibility="protected")
    token = guarded.emulator.core.account.auth_token
    monkeypatch.setenv("TWILIO_API_KEY", KEY.sid)
    monkeypatch.setenv("TWILIO_API_SECRET", KEY.secret)
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    guarded.run("verify").holds(0, "the bytes of 1 protected file cannot be read without TWILIO_AUTH_TOKEN")

    monkeypatch.setenv("TWILIO_AUTH_TOKEN", token)

    assert faults(guarded.run("verify", "--format", "json").holds(1)) == {"/in/c.txt": "bytes"}


@pytest.mark.parametrize(
    ("path", "visibility", "fault", "sentence"),
    [
        ("/in/c.txt", "public", "visibility", "anybody may read it, and it should be protected"),
        ("/deep/d.txt", "public", "visibility", "anybody may read it, and it should be private"),
        ("/in/c.txt", "private", "visibility", "refused with a signature too (HTTP 403)"),
        ("/a.html", "private", "visibility", "nobody may read it (HTTP 403), and it should be public"),
    ],
)
def test_each_wrong_visibility_is_told(guarded: Stage, path: str, visibility: str, fault: str, sentence: str) -> None:
    plant(guarded, path, b"x", visibility=visibility)

    ran = guarded.run("verify", "--format", "json").holds(1)

    assert faults(ran) == {path: fault}
    assert sentence in ran.document["errors"][0]["message"]
    assert ran.document["errors"][0]["path"] == path


def test_what_is_not_served_is_missing(guarded: Stage) -> None:
    guarded.write({"new.txt": "not applied", "in/new.txt": "nor this"})

    ran = guarded.run("verify", "--format", "json").holds(1)

    assert faults(ran) == {"/in/new.txt": "missing", "/new.txt": "missing"}


@pytest.mark.parametrize(
    ("globs", "checked"),
    [(("*.html",), 1), (("css/",), 1), (("/in/**", "a.*"), 2), (("**", "!css/**"), 3)],
)
def test_only_chooses_paths(guarded: Stage, globs: tuple[str, ...], checked: int) -> None:
    words = [word for glob in globs for word in ("--only", glob)]

    assert guarded.run("verify", "--format", "json", *words).holds(0).document["verified"]["checked"] == checked


def test_a_choice_of_nothing_checks_nothing_and_is_no_success(guarded: Stage) -> None:
    guarded.run("verify", "--only", "nothing.html").holds(64, "--only chose none of 4 paths")
    guarded.run("verify", "--only", "/").holds(64, "--only chose none of 4 paths")


@pytest.mark.parametrize("glob", ["", "[a", "# no"])
def test_a_glob_that_matches_nothing_is_refused(guarded: Stage, glob: str) -> None:
    guarded.run("verify", "--only", glob).holds(64, "matches nothing")


def test_a_service_that_is_busy_is_asked_again(guarded: Stage) -> None:
    calls: list[Any] = []

    class BusyOnce:
        def before(self, request: Any) -> Any:
            from assetsync.emulator.messages import text_answer

            if request.path.endswith("/a.html") and not calls:
                calls.append(request)
                return text_answer(503, "busy")
            return None

        def after(self, request: Any, answer: Any) -> Any:
            return None

    guarded.emulator.core.faults = BusyOnce()
    guarded.run("verify").holds(0)

    assert calls


def test_a_site_that_cannot_be_reached_is_told_once(guarded: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSETSYNC_SITE_URL", "http://127.0.0.1:9/{domain}")
    guarded.clock = Patient()

    ran = guarded.run("verify", "--format", "json").holds(1)

    assert [each["message"].partition(": ")[2][:33] for each in ran.document["errors"]] == [
        "the connection could not be made:"
    ]


class Patient(SystemClock):
    """A wait takes no time, and moves the clock, and whatever else goes by it."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead

    def wait(self, seconds: float, cancelled: threading.Event) -> None:
        self.ahead += seconds


@pytest.fixture
def slow(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Stage]:
    """Deployments are served after twenty seconds by the service's clock, which passes where the command waits."""
    clock = Patient()

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=clock.ahead)

    with stage_of_its_own(tmp_path, now, monkeypatch, capsys, propagation_seconds=20) as stage:
        stage.clock = clock
        stage.write({"a.html": "<p>"})
        yield stage


def test_apply_verify_waits_until_it_is_served(slow: Stage) -> None:
    ran = slow.apply("--verify", "--format", "json")

    assert ran.document["verified"] == {"checked": 1, "unsigned": 0, "private": 0, "findings": []}
    assert ran.document["result"]["build_sid"] is not None


def test_apply_verify_gives_up_after_its_time(slow: Stage) -> None:
    ran = slow.run("apply", "--yes", "--create-service", "--verify", "--verify-timeout", "5", "--format", "json")

    ran.holds(1)
    assert faults(ran) == {"/a.html": "missing"}
    assert ran.document["result"]["build_sid"] is not None, "it is live all the same"
    assert slow.outside.live() is not None


def test_without_a_wait_it_looks_once(slow: Stage) -> None:
    slow.apply()

    slow.run("verify").holds(1)
    slow.run("verify", "--wait", "30").holds(0)


@pytest.mark.parametrize("url", ["https://a-1234.twil.io/x.txt", "https://a-1234-stg.twil.io/in/a%20b.js"])
def test_the_signature_is_the_one_that_twilio_validates(url: str) -> None:
    validator = RequestValidator("a-token-of-thirty-two-characters")

    assert validator.validate(url, {}, signature(url, "a-token-of-thirty-two-characters"))
    assert not validator.validate(url, {}, signature(url, "another-token"))
