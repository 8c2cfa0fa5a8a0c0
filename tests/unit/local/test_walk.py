"""Links, and whatever else is no file."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assetsync.local.mapping import Mapping, open_mapping
from assetsync.local.walk import Entered, Faulty, Opened, read_folder, top, visit, walk
from tests.unit.local.trees import manifest_for, plant, problems, served, site

if TYPE_CHECKING:
    from assetsync.manifest.model import Folder


def mapping_of(root: Path, folder: Folder | None = None) -> Mapping:
    mapping = open_mapping(manifest_for(root, folder or site()), 0)
    assert isinstance(mapping, Mapping)
    return mapping


def test_a_link_inside_the_source_is_followed(tmp_path: Path) -> None:
    plant(tmp_path, {"public/real/a.txt": "content", "public/b.txt": "b"})
    (tmp_path / "public/file.txt").symlink_to("real/a.txt")
    (tmp_path / "public/folder").symlink_to("real")
    (tmp_path / "public/absolute").symlink_to(tmp_path / "public/b.txt")
    assets = served(manifest_for(tmp_path))
    assert list(assets) == ["/absolute", "/b.txt", "/file.txt", "/folder/a.txt", "/real/a.txt"]
    assert assets["/folder/a.txt"].digest == assets["/real/a.txt"].digest
    assert assets["/folder/a.txt"].source == "public/folder/a.txt"
    assert assets["/folder/a.txt"].file == str((tmp_path / "public/real/a.txt").resolve())


def test_a_link_that_leaves_the_source_is_a_problem(tmp_path: Path) -> None:
    plant(tmp_path, {"public/": "", "public-too/a": "", "outside.txt": ""})
    for name, target in {"up": "../outside.txt", "etc": "/etc", "sibling": "../public-too"}.items():
        (tmp_path / "public" / name).symlink_to(target)
    found = problems(manifest_for(tmp_path))
    assert [one.file for one in found] == ["public/etc", "public/sibling", "public/up"]
    assert all("outside the source folder public" in one.message for one in found)
    assert "outside.txt" in found[2].message


def test_dangling_links_and_loops_are_problems(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a/b/": "", "public/file": ""})
    links = {
        "dangling": "nowhere",
        "below-a-file": "file/x",
        "self": "self",
        "a/b/up": "..",
        "a/here": ".",
        "a/top": "..",
    }
    for name, target in links.items():
        (tmp_path / "public" / name).symlink_to(target)
    found = {one.file: one.message for one in problems(manifest_for(tmp_path))}
    assert set(found) == {f"public/{name}" for name in links}
    assert "nowhere, which does not exist" in found["public/dangling"]
    assert "does not exist" in found["public/below-a-file"]
    assert "back to itself" in found["public/self"]
    assert all("loop" in found[f"public/{name}"] for name in ("a/b/up", "a/here", "a/top"))


def test_folders_that_link_to_each_other_end(tmp_path: Path) -> None:
    plant(tmp_path, {"public/one/a": "", "public/two/b": ""})
    (tmp_path / "public/one/other").symlink_to("../two")
    (tmp_path / "public/two/other").symlink_to("../one")
    found = problems(manifest_for(tmp_path))
    assert [one.file for one in found] == ["public/one/other/other", "public/two/other/other"]


def test_a_link_to_something_with_an_unreachable_name_is_a_problem(tmp_path: Path) -> None:
    plant(tmp_path, {"public/": ""})
    (tmp_path / "public/link").symlink_to("x" * 300)
    (problem,) = problems(manifest_for(tmp_path))
    assert "cannot be reached" in problem.message


def test_excluded_links_are_no_problem(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a": "", "outside/b": ""})
    for name, target in {"dangling": "nowhere", "out": "../outside", "self": "self"}.items():
        (tmp_path / "public" / name).symlink_to(target)
    assert list(served(manifest_for(tmp_path, site(exclude=("dangling", "out/", "self"))))) == ["/a"]
    assert list(served(manifest_for(tmp_path, site(include=("a",), exclude=("out",))))) == ["/a"]


def test_fifos_sockets_and_devices_are_problems(tmp_path: Path) -> None:
    plant(tmp_path, {"public/": ""})
    os.mkfifo(tmp_path / "public/fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "public/socket"))
    found = problems(manifest_for(tmp_path))
    assert [(one.file, one.message) for one in found] == [
        ("public/fifo", "is a fifo, not a file"),
        ("public/socket", "is a socket, not a file"),
    ]
    assert served(manifest_for(tmp_path, site(exclude=("fifo", "socket")))) == {}


def test_a_device_is_a_problem(tmp_path: Path) -> None:
    plant(tmp_path, {"public/": ""})
    try:
        os.mknod(tmp_path / "public/null", 0o600 | 0o020000, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root may make devices")
    (problem,) = problems(manifest_for(tmp_path))
    assert problem.message == "is a device, not a file"


def test_folders_that_all_lead_to_each_other_are_given_up_early(tmp_path: Path) -> None:
    """There are more ways through them than could ever be gone: folders count when they are met, not when entered."""
    names = [f"d{number}" for number in range(30)]
    plant(tmp_path, {f"public/{name}/": "" for name in names})
    for name in names:
        for other in names:
            if other != name:
                (tmp_path / "public" / name / f"to-{other}").symlink_to(f"../{other}")
    walked = walk(mapping_of(tmp_path), 1000)
    assert walked.hopeless
    assert len(walked.problems) < 1100


def test_a_chain_of_folders_deeper_than_calls_can_be_is_told(tmp_path: Path) -> None:
    plant(tmp_path, {"public/": ""})
    depth = sys.getrecursionlimit()
    with chdir(tmp_path / "public"):
        for _ in range(depth):
            Path("d").mkdir()
            os.chdir("d")
        Path("f").touch()
    (problem,) = problems(manifest_for(tmp_path))
    assert f"{2 * depth + 2} bytes long" in problem.message
    subprocess.run(["rm", "-rf", tmp_path / "public"], check=True)


def test_each_wrong_folder_is_told_once_whatever_is_in_it(tmp_path: Path) -> None:
    plant(tmp_path, {f"public/a b/c d/{number}": "" for number in range(3)} | {"public/a b/e f": ""})
    assert [one.file for one in problems(manifest_for(tmp_path))] == ["public/a b", "public/a b/c d", "public/a b/e f"]


def _enter(mapping: Mapping, opened: Opened, name: str) -> Entered:
    (entry,) = [entry for entry in opened.entries if entry.name == name]
    visited = visit(mapping, opened.folder, entry)
    assert isinstance(visited, Entered)
    return visited


def test_a_folder_that_vanishes_during_the_walk_is_a_problem(tmp_path: Path) -> None:
    plant(tmp_path, {"public/gone/a": ""})
    mapping = mapping_of(tmp_path)
    gone = _enter(mapping, read_folder(mapping, top(mapping)), "gone")
    shutil.rmtree(tmp_path / "public/gone")
    (problem,) = read_folder(mapping, gone).problems
    assert (problem.file, problem.message) == ("public/gone/", "the folder vanished while it was scanned")


def test_a_file_that_vanishes_before_it_is_looked_at_is_a_problem(tmp_path: Path) -> None:
    plant(tmp_path, {"public/gone": "", "public/.assetsyncignore": ""})
    mapping = mapping_of(tmp_path)
    opened = read_folder(mapping, top(mapping))
    (entry,) = [entry for entry in opened.entries if entry.name == "gone"]
    (tmp_path / "public/gone").unlink()
    visited = visit(mapping, opened.folder, entry)
    assert isinstance(visited, Faulty)
    assert visited.problem.message == "the file vanished while it was scanned"


def test_a_folder_that_became_a_file_is_a_problem(tmp_path: Path) -> None:
    plant(tmp_path, {"public/folder/a": ""})
    mapping = mapping_of(tmp_path)
    folder = _enter(mapping, read_folder(mapping, top(mapping)), "folder")
    shutil.rmtree(tmp_path / "public/folder")
    plant(tmp_path, {"public/folder": ""})
    (problem,) = read_folder(mapping, folder).problems
    assert "cannot be read" in problem.message


def test_a_folder_that_became_a_link_is_not_entered(tmp_path: Path) -> None:
    """Nor one below it; another folder in its place is."""
    plant(tmp_path, {"public/folder/deep/a": "", "outside/deep/secret": ""})
    mapping = mapping_of(tmp_path)
    folder = _enter(mapping, read_folder(mapping, top(mapping)), "folder")
    deep = _enter(mapping, read_folder(mapping, folder), "deep")
    shutil.rmtree(tmp_path / "public/folder")
    (tmp_path / "public/folder").symlink_to("../outside")
    for each in (folder, deep):
        opened = read_folder(mapping, each)
        assert [problem.message for problem in opened.problems] == ["the folder changed while it was scanned"]
        assert not opened.entries
    (tmp_path / "public/folder").unlink()
    plant(tmp_path, {"public/folder/other": ""})
    assert [entry.name for entry in read_folder(mapping, folder).entries] == ["other"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_is_a_problem(tmp_path: Path) -> None:
    plant(tmp_path, {"public/locked/a": "", "public/file": ""})
    (tmp_path / "public/locked").chmod(0)
    (tmp_path / "public/file").chmod(0)
    try:
        assert [one.file for one in problems(manifest_for(tmp_path))] == ["public/file", "public/locked/"]
    finally:
        (tmp_path / "public/locked").chmod(0o700)
