"""The manifest on disk: found, read, and placed in its project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assetsync.errors import InvalidInput, UsageError
from assetsync.manifest.load import load_environments, load_manifest, load_ownership
from assetsync.manifest.locate import find_manifest, manifest_folder, project_root
from assetsync.manifest.model import EnvironmentSpec, Ownership
from tests.unit.manifest.manifests import MINIMAL, WHOLE


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a manifest in a subfolder, and that subfolder as the working directory."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "site" / "deep").mkdir(parents=True)
    (tmp_path / "site" / "assetsync.yaml").write_text(MINIMAL)
    monkeypatch.chdir(tmp_path / "site")
    return tmp_path.resolve()


def test_a_manifest_is_loaded_for_one_environment(project: Path) -> None:
    """With the path as the user named it and the root absolute."""
    manifest = load_manifest(Path("assetsync.yaml"), environment=None, variables={})

    assert manifest.path == Path("assetsync.yaml")
    assert manifest.root == project
    assert manifest.environment == EnvironmentSpec("production")
    assert load_environments(Path("assetsync.yaml")) == (EnvironmentSpec("production"),)


def test_who_owns_what_is_known_whichever_environment_is_meant(project: Path) -> None:
    """Variables of Environments need not be set; that of the Service must be."""
    file = project / "site" / "assetsync.yaml"
    file.write_text(MINIMAL.replace("my-site", "${SITE}").replace("production", "${WHERE}"))

    found = load_ownership(file, variables={"SITE": "other"})

    assert found == Ownership("website", "other", (EnvironmentSpec("${WHERE}"),))
    with pytest.raises(InvalidInput):
        load_ownership(file, variables={})


def test_the_command_line_reaches_the_selection(project: Path) -> None:
    """Name, creation and suffix alike."""
    file = project / "site" / "assetsync.yaml"
    file.write_text(WHOLE.replace("my-site", "${SITE}"))
    manifest = load_manifest(
        file, environment="pr", variables={"SITE": "mine"}, create_environment=True, suffix="review"
    )

    assert manifest.environment == EnvironmentSpec("pr", "review")
    assert manifest.service == "mine"


def test_sources_are_judged_from_the_folder_of_the_manifest(project: Path) -> None:
    """A sibling of the manifest's folder is inside the project, a sibling of the project is not."""
    file = project / "site" / "assetsync.yaml"
    file.write_text(MINIMAL.replace("source: public", "source: ../other"))
    assert load_manifest(file, environment=None, variables={}).folders[0].source == "../other"

    file.write_text(MINIMAL.replace("source: public", "source: ../../other"))
    with pytest.raises(InvalidInput) as raised:
        load_manifest(Path("assetsync.yaml"), environment=None, variables={})
    (problem,) = raised.value.problems
    assert (problem.file, problem.line, problem.column) == ("assetsync.yaml", 7, 13)
    assert problem.hint == f"name a folder inside the project root {project}"


def test_a_manifest_that_is_too_large_is_not_read_whole(project: Path) -> None:
    """A sparse file of a gigabyte is refused at once."""
    file = project / "site" / "assetsync.yaml"
    os.truncate(file, 1024**3)
    with pytest.raises(InvalidInput) as raised:
        load_manifest(file, environment=None, variables={})

    assert "larger than 1 MiB" in raised.value.problems[0].message


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing.yaml", "the manifest nothing.yaml cannot be read: No such file or directory"),
        ("deep", "the manifest deep is not a file"),
        ("pipe", "the manifest pipe is not a file"),
        ("assetsync.yaml/x", "the manifest assetsync.yaml/x cannot be read: Not a directory"),
        ("loop", "the manifest loop cannot be read: Too many levels of symbolic links"),
        ("a\0b", "cannot be read: embedded null byte"),
        ("x" * 300, "cannot be read: File name too long"),
    ],
)
@pytest.mark.usefixtures("project")
def test_what_cannot_be_read_is_a_usage_error(name: str, message: str) -> None:
    """One sentence with the path as given; a pipe does not hang."""
    os.mkfifo("pipe")
    Path("loop").symlink_to("loop")
    with pytest.raises(UsageError) as raised:
        load_manifest(Path(name), environment=None, variables={})

    assert message in raised.value.message
    assert "--manifest" in (raised.value.hint or "")


def test_a_manifest_is_found_here_or_above(project: Path) -> None:
    """Relative to where the user is, absolute where the start is."""
    assert find_manifest(Path()) == Path("assetsync.yaml")
    os.chdir("deep")
    assert find_manifest(Path()) == Path("../assetsync.yaml")
    assert find_manifest(project / "site" / "deep") == project / "site" / "assetsync.yaml"


def test_the_short_ending_is_taken_too(project: Path) -> None:
    """A folder of that name is no manifest."""
    deep = project / "site" / "deep"
    (deep / "assetsync.yaml").mkdir()
    (deep / "assetsync.yml").write_text(MINIMAL)

    assert find_manifest(deep) == deep / "assetsync.yml"


def test_two_manifests_in_one_folder_are_refused(project: Path) -> None:
    """Nothing is chosen silently."""
    (project / "site" / "assetsync.yml").write_text(MINIMAL)
    with pytest.raises(UsageError, match=r"there are both assetsync.yaml and assetsync.yml in"):
        find_manifest(Path())


def test_no_manifest_anywhere_points_to_init(tmp_path: Path) -> None:
    """The way out is a command."""
    with pytest.raises(UsageError) as raised:
        find_manifest(tmp_path)

    assert raised.value.message == f"there is no assetsync.yaml in {tmp_path} or a folder above it"
    assert "`assetsync init`" in (raised.value.hint or "")


def test_the_project_ends_at_the_nearest_git(project: Path) -> None:
    """A worktree's `.git` is a file; the manifest's own folder counts."""
    manifest = project / "site" / "deep" / "assetsync.yaml"
    assert project_root(manifest) == project
    (project / "site" / ".git").write_text("gitdir: elsewhere\n")
    assert project_root(manifest) == project / "site"
    (project / "site" / "deep" / ".git").mkdir()
    assert project_root(manifest) == project / "site" / "deep"


def test_without_git_the_project_is_the_folder(tmp_path: Path) -> None:
    """Its links resolved, so that sources can be compared."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")

    assert project_root(tmp_path / "link" / "assetsync.yaml") == (tmp_path / "real").resolve()
    assert manifest_folder(tmp_path / "link" / "assetsync.yaml") == (tmp_path / "real").resolve()
