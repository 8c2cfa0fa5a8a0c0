"""The Service and the Environment that a plan needs and that do not exist yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.apply.once import once
from assetsync.errors import NotFound

if TYPE_CHECKING:
    from assetsync.apply.once import Pace
    from assetsync.model import Environment, Service
    from assetsync.twilio.client import ServerlessClient


def make_service(client: ServerlessClient, unique_name: str, pace: Pace) -> str:
    """The SID of a new Service: read-only in the Console, without credentials for Functions (F7.2)."""

    def look() -> Service | None:
        try:
            return client.fetch_service(unique_name)
        except NotFound:
            return None

    def write() -> Service:
        return client.create_service(
            unique_name=unique_name, friendly_name=unique_name, include_credentials=False, ui_editable=False
        )

    return once("create Service", write, look, pace).sid


def make_environment(
    client: ServerlessClient, service: str, unique_name: str, suffix: str | None, pace: Pace
) -> Environment:
    """A new Environment; `suffix` None is the bare domain (F7.4)."""

    def look() -> Environment | None:
        return next((each for each in client.list_environments(service) if each.unique_name == unique_name), None)

    return once(
        "create Environment",
        lambda: client.create_environment(service, unique_name=unique_name, domain_suffix=suffix),
        look,
        pace,
    )
