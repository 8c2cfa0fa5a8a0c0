"""pull: what is served comes into a folder, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetsync.served.files import placed
from tests.cli.fixtures import KEY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.stage import Ran, Stage


@pytest.fixture
def filled(stage: Stage) -> Stage:
    """Another tool has filled the Service; nothing is in the folder."""
    outside = stage.outside
    outside.new_service(("production", ""))
    outside.publish(
        "production",
        outside.upload("/a.html", b"<p>"),
        outside.upload("/css/b.css", b"\xff\xfe not UTF-8"),
        outside.upload("/in/c.txt", b"signed", visibility="protected"),
        outside.upload("/deep/d.txt", b"nobody's", visibility="private"),
    )
    return stage


def files(folder: Path) -> dict[str, bytes]:
    return {each.relative_to(folder).as_posix(): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def became(ran: Ran) -> dict[str, str]:
    return {each["path"]: each["became"] for each in ran.document["files"]}


ALL = {"a.html": b"<p>", "css/b.css": b"\xff\xfe not UTF-8", "in/c.txt": b"signed"}


def test_the_very_bytes_arrive_public_and_protected(filled: Stage) -> None:
    ran = filled.run("pull", "public").holds(0, "3 files written to public", "/deep/d.txt: it is private")

    assert files(filled.root / "public") == ALL
    assert not ran.writes
    assert len(ran.requests) == 2


def test_without_the_auth_token_protected_files_stay_away_and_that_is_said(
    filled: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_API_KEY", KEY.sid)
    monkeypatch.setenv("TWILIO_API_SECRET", KEY.secret)
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")

    filled.run("pull", "public").holds(0, "/in/c.txt: it is protected: reading it takes TWILIO_AUTH_TOKEN")

    assert set(files(filled.root / "public")) == {"a.html", "css/b.css"}


def test_a_second_time_nothing_is_written(filled: Stage) -> None:
    filled.run("pull", "public").holds(0)
    before = (filled.root / "public/a.html").stat()

    filled.run("pull", "public").holds(0, "0 files written", "3 were there already")

    assert (filled.root / "public/a.html").stat().st_ino == before.st_ino


def test_a_different_file_stays_and_is_named_until_force(filled: Stage) -> None:
    filled.write({"a.html": "mine"})

    ran = filled.run("pull", "public", "--format", "json").holds(1)

    assert became(ran)["/a.html"] == "different"
    assert "left as it is" in ran.document["errors"][0]["message"]
    assert files(filled.root / "public") == ALL | {"a.html": b"mine"}, "the others are there"
    filled.run("pull", "public", "--force").holds(0, "1 file written")
    assert files(filled.root / "public") == ALL


def test_a_dry_run_writes_nothing(filled: Stage) -> None:
    filled.run("pull", "public", "--dry-run").holds(0, "4 files would be fetched into public")

    assert not (filled.root / "public").exists()


def test_only_some(filled: Stage) -> None:
    filled.run("pull", "public", "--only", "css/").holds(0, "1 file written")

    assert set(files(filled.root / "public")) == {"css/b.css"}


def test_a_link_that_leads_out_of_the_folder_is_not_followed(filled: Stage) -> None:
    (filled.root / "elsewhere").mkdir()
    (filled.root / "public").mkdir()
    (filled.root / "public/css").symlink_to("../elsewhere")

    filled.run("pull", "public").holds(1, "/css/b.css: a link leads out of the folder there")

    assert not list((filled.root / "elsewhere").iterdir())


def test_a_link_in_a_files_place_is_replaced_and_what_it_leads_to_stays(filled: Stage) -> None:
    filled.write({"target": "precious"}, folder="elsewhere")
    (filled.root / "public").mkdir()
    (filled.root / "public/a.html").symlink_to("../elsewhere/target")

    filled.run("pull", "public").holds(1)
    filled.run("pull", "public", "--force").holds(0)

    assert (filled.root / "elsewhere/target").read_text() == "precious"
    assert files(filled.root / "public") == ALL


def test_a_folder_in_a_files_place_is_told(filled: Stage) -> None:
    (filled.root / "public/a.html").mkdir(parents=True)

    filled.run("pull", "public", "--force").holds(1, "/a.html: it cannot be written: Is a directory")
    assert not list((filled.root / "public").rglob(".assetsync-*"))


def test_the_root_is_index_html_and_comes_once(stage: Stage) -> None:
    outside = stage.outside
    outside.new_service(("production", ""))
    item = outside.post("/Assets", {"FriendlyName": "root"})["sid"]
    root = outside.add_version(item, "/", b"<h1>", content_type="text/html")
    outside.publish("production", root)
    stage.run("pull", "public").holds(0)
    assert files(stage.root / "public") == {"index.html": b"<h1>"}

    outside.publish("production", root, outside.upload("/index.html", b"<h1>"))

    stage.run("pull", "other").holds(0, "/: /index.html has the only file name that it could have")
    assert files(stage.root / "other") == {"index.html": b"<h1>"}


def test_a_root_that_is_no_page_has_no_file_name(stage: Stage) -> None:
    outside = stage.outside
    outside.new_service(("production", ""))
    item = outside.post("/Assets", {"FriendlyName": "root"})["sid"]
    outside.publish("production", outside.add_version(item, "/", b"PNG", content_type="image/png"))

    stage.run("pull", "public").holds(1, "`/` is image/png: no file name stands for that")
    assert not files(stage.root / "public")


def test_nothing_live_is_nothing_to_fetch(stage: Stage) -> None:
    stage.outside.new_service(("production", ""))

    stage.run("pull", "public").holds(0, "0 files written")


def test_what_tools_obey_does_not_come_from_a_service(stage: Stage) -> None:
    outside = stage.outside
    outside.new_service(("production", ""))
    outside.publish("production", *(outside.upload(path) for path in ("/.git/config", "/.assetsyncignore", "/a.txt")))

    ran = stage.run("pull", "public", "--format", "json").holds(0, "/.git/config: files of that name are left out")

    assert became(ran) == {"/.assetsyncignore": "left out", "/.git/config": "left out", "/a.txt": "written"}
    assert set(files(stage.root / "public")) == {"a.txt"}


def test_a_folder_that_cannot_be_is_told(filled: Stage) -> None:
    (filled.root / "taken").write_text("a file")

    filled.run("pull", "taken/public").holds(64, "taken/public cannot be used")


def test_a_service_that_does_not_exist_is_told(stage: Stage) -> None:
    stage.run("pull", "public").holds(64, "does not exist")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/a", "a"),
        ("/a%20b/%5Bid%5D.js", "a b/[id].js"),
        ("/%C3%A9", "é"),
        ("/", "index.html"),
        *((path, None) for path in ("a", "/../a", "/a/../../b", "/./a", "//a", "/a/", "/%2e%2e/a", "/a%2f..%2fb")),
        *((path, None) for path in ("/a%00", "/a%0a", "/a\\b", "/%ff", "/%C2%9B", "/%E2%80%AE", f"/{'x' * 256}")),
        *((path, None) for path in ("/.git/config", "/a/.git/HEAD", "/.envrc", "/.assetsyncignore", "/assetsync.yaml")),
        ("/.well-known/security.txt", ".well-known/security.txt"),
    ],
)
def test_where_a_path_goes(path: str, name: str | None) -> None:
    (place,) = placed([path])

    assert place.name == name
    assert (place.fault is None) == (name is not None)


def test_what_cannot_be_beside_each_other_is_told() -> None:
    found = {each.path: each.fault for each in placed(["/a", "/a/b", "/c%64", "/cd", "/e"])}

    assert found == {
        "/a": "a is a folder: other paths lie below it",
        "/a/b": None,
        "/c%64": None,
        "/cd": "/c%64 has the same file name",
        "/e": None,
    }


@given(st.lists(st.text(st.sampled_from("/.%2eEfF5cC\\aé\0\n"), max_size=12).map("/".__add__), max_size=6))
def test_no_path_leads_out(paths: list[str]) -> None:
    """Joined to any folder and made plain by somebody else's rules, a name is below that folder, and no two are one."""
    import posixpath

    names = [each.name for each in placed(paths) if each.name is not None]

    for name in names:
        assert posixpath.normpath(posixpath.join("/folder", name)) == f"/folder/{name}"
        assert "\0" not in name
    assert len(set(names)) == len(names)
