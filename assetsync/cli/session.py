"""What a command works with: the manifest, the client, the journal; the local service where that is asked for."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assetsync import folders
from assetsync.errors import UsageError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from assetsync.api import Connection
    from assetsync.apply.journal import Journal
    from assetsync.cli.options import Common
    from assetsync.emulator.local import LocalService
    from assetsync.events import Emit
    from assetsync.manifest.model import Manifest
    from assetsync.twilio.client import ServerlessClient
    from assetsync.twilio.credentials import Credentials
    from assetsync.twilio.endpoints import Endpoints
    from assetsync.twilio.retry import Clock


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the service is and who we are there; `local` is the running local service where that is it."""

    credentials: Credentials
    endpoints: Endpoints
    local: LocalService | None


@dataclass(frozen=True, slots=True)
class Session:
    """An open connection, and how it was reached."""

    reach: Reach
    connection: Connection

    @property
    def client(self) -> ServerlessClient:
        return self.connection.client

    @property
    def journal(self) -> Journal:
        return self.connection.journal

    @property
    def cancelled(self) -> threading.Event:
        return self.connection.cancelled

    @property
    def clock(self) -> Clock:
        return self.connection.clock


def cache_folder() -> Path | None:
    """Where what may be lost without harm is kept."""
    return folders.cache_folder(os.environ)


def local_folder() -> Path:
    """The state of the local service."""
    folder = folders.data_folder(os.environ)
    if folder is None:
        raise UsageError(
            "there is no home folder in which the local service could keep its state",
            hint="set ASSETSYNC_DATA_DIR to a folder",
        )
    return folder / "local"


def read_manifest(common: Common, *, find: bool = False) -> Manifest:
    """The manifest for the chosen Environment. Raises UsageError, InvalidInput.

    find: one that is not declared, such as a preview, may be there; for commands that make none
    """
    from assetsync.manifest.load import load_manifest

    return load_manifest(
        manifest_path(common.manifest),
        environment=common.environment,
        variables=os.environ,
        create_environment=common.create_environment,
        suffix=common.suffix,
        find_environment=find,
    )


def manifest_path(given: Path | None) -> Path:
    """The manifest to use, as short as a person would name it from here. Raises UsageError."""
    from assetsync.manifest.locate import find_manifest

    if given is not None:
        return given
    here = Path.cwd()
    return Path(os.path.relpath(find_manifest(here), here))


@contextmanager
def open_session(common: Common, emit: Emit) -> Iterator[Session]:
    """Connect. Raises CredentialsError, UsageError."""
    from assetsync.api import open_connection
    from assetsync.twilio.credentials import signing_token
    from assetsync.twilio.hidden import of_pair

    state = click.get_current_context().find_root().obj
    with ExitStack() as stack:
        reach = stack.enter_context(open_reach(common))
        state["output"].hide(of_pair(reach.credentials.username, reach.credentials.password))
        connection = stack.enter_context(
            open_connection(
                reach.credentials,
                reach.endpoints,
                cache_dir=cache_folder(),
                concurrency=common.concurrency,
                stall_timeout=common.stall_timeout,
                auth_token=signing_token(os.environ, reach.credentials),
                emit=emit,
                clock=state.get("clock"),
            )
        )
        yield Session(reach, connection)


def account_of(common: Common) -> Credentials:
    """Who we are to Twilio. Raises CredentialsError."""
    from assetsync.twilio.credentials import find_credentials, twilio_config_dir

    config = twilio_config_dir(os.environ, folders.home_folder() or Path(os.devnull))
    return find_credentials(os.environ, profile=common.profile, config_dir=config)


@contextmanager
def open_reach(common: Common) -> Iterator[Reach]:
    """Who we are and where the service is; the local one runs meanwhile. Raises CredentialsError, UsageError."""
    from assetsync.twilio.credentials import Credentials
    from assetsync.twilio.endpoints import Endpoints, find_endpoints

    if not common.local:
        credentials = account_of(common)
        yield Reach(credentials, find_endpoints(os.environ, credentials), None)
        return
    if common.profile is not None:
        raise UsageError("--profile is for Twilio, --local for the local service", hint="leave one of them out")
    from assetsync.emulator.local import open_local

    with open_local(local_folder()) as local:
        account = Credentials(local.account_sid, local.auth_token, account_sid=local.account_sid)
        yield Reach(account, Endpoints(local.url, local.url, local.site_url), local)
