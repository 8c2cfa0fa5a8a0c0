"""Which Build is ours when the answer to its creation was lost: exactly these contents."""

from __future__ import annotations

import pytest

from assetsync.apply.release import Contents, _holds
from assetsync.model import AssetVersion, Build, Dependency, FunctionVersion

TWILIO, LODASH = Dependency("twilio", "4"), Dependency("lodash", "3")


def build(
    assets: str = "12",
    functions: str = "3",
    dependencies: tuple[Dependency, ...] = (TWILIO, LODASH),
    runtime: str | None = "node22",
) -> Build:
    return Build(
        "ZB",
        "completed",
        tuple(AssetVersion(f"ZN{each}", f"ZH{each}", f"/{each}", "public") for each in assets),
        tuple(FunctionVersion(f"ZN{each}", f"ZH{each}", f"/{each}", "public") for each in functions),
        dependencies,
        runtime,
    )


ASKED = Contents(("ZN2", "ZN1"), ("ZN3",), (LODASH, TWILIO), "node22")


def test_the_order_in_which_the_service_lists_does_not_matter() -> None:
    assert _holds(build("12"), ASKED)
    assert _holds(build("21"), ASKED)


@pytest.mark.parametrize(
    "other",
    [
        build("1"),
        build("123"),
        build(functions=""),
        build(functions="34"),
        build(dependencies=(TWILIO,)),
        build(dependencies=(TWILIO, Dependency("lodash", "4"))),
        build(runtime="node20"),
        build(runtime=None),
    ],
    ids=["fewer", "more", "no Function", "more Functions", "fewer packages", "another package", "older", "none"],
)
def test_a_build_of_anything_else_is_not_ours(other: Build) -> None:
    assert not _holds(other, ASKED)


def test_what_was_left_to_the_service_may_be_anything() -> None:
    """A bare Build gets packages and a runtime of the service's choice (F6.8)."""
    assert _holds(build(), Contents(("ZN1", "ZN2"), ("ZN3",), (), None))
