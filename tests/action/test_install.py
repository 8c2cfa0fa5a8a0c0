"""The first step installs what the action is of, or a version, into an environment of its own; without a network."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.cli.stage import REPOSITORY
from tests.fakes.runner import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

BACKEND = """
import zipfile

def get_requires_for_build_wheel(config_settings=None):
    return []

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "assetsync-VERSION-py3-none-any.whl"
    info = "assetsync-VERSION.dist-info/"
    with zipfile.ZipFile(f"{directory}/{name}", "w") as wheel:
        wheel.writestr("stand_in.py", "def main():\\n    print('VERSION')\\n")
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: assetsync\\nVersion: VERSION\\n")
        described = "Wheel-Version: 1.0\\nGenerator: a test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr(info + "WHEEL", described)
        wheel.writestr(info + "entry_points.txt", "[console_scripts]\\nassetsync = stand_in:main\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""


def project(folder: Path, version: str) -> Path:
    """A package of our name that builds itself with nothing but Python, and tells its version."""
    folder.mkdir()
    (folder / "backend.py").write_text(BACKEND.replace("VERSION", version))
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    return folder


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """What the action is of."""
    return project(tmp_path / "action", "9.0")


def install(temporary: Path, beside: Path, version: str = "", checkout: Path | None = None) -> str:
    """Run the step; what the program that is there afterwards says. Versions are found beside `beside`."""
    temporary.mkdir(exist_ok=True)
    given = {"RUNNER_TEMP": str(temporary), "GITHUB_ACTION_PATH": str(beside), "INPUT_VERSION": version}
    links = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(beside.parent)}
    done = subprocess.run(
        ["bash", str(REPOSITORY / "action/install.sh")],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        cwd=checkout,
        env={**os.environ, **given, **links},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    program = temporary / "assetsync-venv/bin/assetsync"
    done = subprocess.run([program], check=True, capture_output=True, text=True, timeout=PATIENCE)
    return done.stdout.strip()


def test_by_default_it_is_what_the_action_is_of_and_else_the_version_that_is_named(
    tmp_path: Path, beside: Path
) -> None:
    temporary = tmp_path / "a folder"
    other = project(tmp_path / "other", "1.2.3")
    build = f"import sys; sys.path.insert(0, {str(other)!r}); import backend; backend.build_wheel({str(tmp_path)!r})"
    subprocess.run(["python3", "-c", build], check=True)
    assert install(temporary, beside) == "9.0"
    made = (temporary / "assetsync-venv/pyvenv.cfg").stat().st_mtime_ns
    assert install(temporary, beside) == "9.0"
    assert (temporary / "assetsync-venv/pyvenv.cfg").stat().st_mtime_ns == made
    assert install(temporary, beside, "1.2.3") == "1.2.3"


def test_no_python_of_the_checkout_is_run(tmp_path: Path, beside: Path) -> None:
    """Only its files are published: whoever may change those is not to get at the secrets of the job."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in ("pip", "venv", "sysconfig", "sitecustomize"):
        (checkout / f"{name}.py").write_text("raise SystemExit('the checkout was run')\n")
    assert install(tmp_path / "temporary", beside, checkout=checkout) == "9.0"
