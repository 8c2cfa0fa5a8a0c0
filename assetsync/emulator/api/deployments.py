"""Deployments: `.../Environments/{E}/Deployments` (F7.6). They can be neither changed nor deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assetsync.emulator.api.builds import status_of
from assetsync.emulator.call import Call, Route
from assetsync.emulator.messages import json_answer
from assetsync.emulator.moments import iso
from assetsync.emulator.paging import Listing, page_of
from assetsync.emulator.refusals import invalid

if TYPE_CHECKING:
    from assetsync.emulator.messages import Answer
    from assetsync.emulator.store import Row


def _represent(call: Call, environment: Row, row: Row) -> dict[str, Any]:
    service_sid = environment["service_sid"]
    return {
        "sid": row["sid"],
        "account_sid": call.account_sid,
        "service_sid": service_sid,
        "environment_sid": environment["sid"],
        "build_sid": row["build_sid"],
        "date_created": iso(row["created"]),
        "date_updated": iso(row["created"]),
        "url": call.url("Services", service_sid, "Environments", environment["sid"], "Deployments", row["sid"]),
    }


def create(call: Call) -> Answer:
    """Without a BuildSid nothing is served any more (F5.5); an empty one is a Build that is not there.

    Asking for what is live already is refused (F3.6).
    """
    environment = call.environment()
    build_sid = call.text("BuildSid", 34)
    is_plugin = call.flag("IsPlugin") is True
    if build_sid is not None:
        _check_build(call, environment, build_sid, is_plugin=is_plugin)
    if environment["build_sid"] == build_sid:
        raise invalid("Environment already has requested deployment.")
    sid = call.new_sid("ZD")
    call.tx.run(
        "INSERT INTO deployments (sid, environment_sid, build_sid, created) VALUES (?, ?, ?, ?)",
        sid,
        environment["sid"],
        build_sid,
        call.now,
    )
    call.tx.run(
        "UPDATE environments SET build_sid = ?, updated = ? WHERE sid = ?", build_sid, call.now, environment["sid"]
    )
    row = call.found(call.tx.one("SELECT * FROM deployments WHERE sid = ?", sid))
    return json_answer(201, _represent(call, environment, row))


def _check_build(call: Call, environment: Row, build_sid: str, *, is_plugin: bool) -> None:
    build = call.tx.one("SELECT * FROM builds WHERE sid = ? AND service_sid = ?", build_sid, environment["service_sid"])
    if build is None:
        raise invalid(f"Build {build_sid} was not found")
    if call.settings.deploy_needs_completed and status_of(build, call.now) != "completed":
        raise invalid(f"Build {build_sid} is not completed")
    if call.settings.flex_guard and not is_plugin and _has_plugins(call, build_sid):
        raise invalid(
            "You cannot deploy Flex Plugins via the Serverless API. You must migrate to the Flex Plugin Builder."
        )


def _has_plugins(call: Call, build_sid: str) -> bool:
    row = call.tx.one(
        "SELECT 1 FROM build_versions JOIN versions ON versions.sid = version_sid"
        " WHERE build_sid = ? AND path GLOB '/plugins/*'",
        build_sid,
    )
    return row is not None


def read(call: Call) -> Answer:
    """Newest first, always (F4.3)."""
    environment = call.environment()
    return page_of(
        call,
        Listing(
            key="deployments",
            path=("Services", environment["service_sid"], "Environments", environment["sid"], "Deployments"),
            select="SELECT * FROM deployments WHERE environment_sid = ?",
            values=(environment["sid"],),
            represent=lambda row: _represent(call, environment, row),
            newest_first=True,
        ),
    )


def fetch(call: Call) -> Answer:
    environment = call.environment()
    row = call.tx.one(
        "SELECT * FROM deployments WHERE sid = ? AND environment_sid = ?", call.keys["deployment"], environment["sid"]
    )
    return json_answer(200, _represent(call, environment, call.found(row)))


ROUTES = (
    Route("POST", "/Services/{service}/Environments/{environment}/Deployments", create),
    Route("GET", "/Services/{service}/Environments/{environment}/Deployments", read),
    Route("GET", "/Services/{service}/Environments/{environment}/Deployments/{deployment}", fetch),
)
