from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.world import Project, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as made:
        yield made


@pytest.fixture
def site(world: World) -> Project:
    """Three files, not applied yet."""
    project = world.project()
    project.write({"index.html": b"<h1>", "css/a.css": b"a{}", "js/a.js": b"1"})
    return project
