"""Everything that `doctor` looks at, in order; what one look finds wrong keeps no other from being taken."""

from __future__ import annotations

import os
import resource
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assetsync.cli.local_standing import local_standing
from assetsync.cli.session import account_of, cache_folder, local_folder, manifest_path, open_reach
from assetsync.doctor import account, machine, network
from assetsync.doctor.check import State, failed, ok, warning, wrong
from assetsync.errors import AssetsyncError, InvalidInput, NoManifest, UsageError
from assetsync.manifest.load import load_environments, load_manifest
from assetsync.twilio.client import ServerlessClient
from assetsync.twilio.connections import Timeouts
from assetsync.twilio.credentials import Credentials
from assetsync.twilio.endpoints import find_endpoints
from assetsync.twilio.hidden import of_pair
from assetsync.twilio.printable import printable
from assetsync.twilio.reach import Unreached
from assetsync.twilio.retry import Clock, RetryPolicy, SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assetsync.cli.options import Common
    from assetsync.cli.run import Run
    from assetsync.doctor.check import Check
    from assetsync.manifest.model import Manifest
    from assetsync.twilio.endpoints import Endpoints

_INOTIFY = Path("/proc/sys/fs/inotify/max_user_watches")
_PATIENCE = RetryPolicy(tries=3, total=10.0)


def examine(common: Common, run: Run) -> Iterator[Check]:
    """Each check as it is made. Nothing is written to the service. Raises nothing that a look can find wrong."""
    yield from machine.versions()
    about_manifest, manifest = _manifest(common)
    yield about_manifest
    yield from network.variables(os.environ)
    is_reachable = True
    try:
        standing = local_standing(local_folder(), needed=common.local)
        yield standing
        is_reachable = standing.state is not State.WRONG
    except UsageError as error:
        yield failed("local service", error) if common.local else warning("local service", error.message, error.hint)
    if is_reachable or not common.local:
        yield from _of_service(common, run, manifest)
    yield from machine.kept(cache_folder())
    yield machine.watches(_INOTIFY)
    yield machine.open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _manifest(common: Common) -> tuple[Check, Manifest | None]:
    """Whether it is valid, and what it says for the one Environment that is meant; None where that is not known."""
    try:
        path = manifest_path(common.manifest)
        names = [common.environment] if common.environment else [each.name for each in load_environments(path)]
        found = [load_manifest(path, environment=name, variables=os.environ, find_environment=True) for name in names]
    except NoManifest as error:
        return ok("manifest", error.message, error.hint), None
    except InvalidInput as error:
        first = error.problems[0]
        place = f"{first.file}:{first.line}:{first.column}"
        message = f"{error.message}; the first: {place}: {first.message}"
        return wrong("manifest", message, "`assetsync validate` names them all"), None
    except AssetsyncError as error:
        return wrong("manifest", error.message, error.hint), None
    listed = ", ".join(printable(each.environment.name) for each in found)
    if len(found) == 1:
        return ok("manifest", f"{path} is valid for {listed}"), found[0]
    return ok(
        "manifest", f"{path} is valid for {listed}", "with -e NAME its Service and live Build are looked at"
    ), None


def _of_service(common: Common, run: Run, manifest: Manifest | None) -> Iterator[Check]:
    """Everything that has to do with the service, as far as the settings and the network allow."""
    with ExitStack() as stack:
        credentials, endpoints, found = _settings(common, stack)
        yield from found
        if credentials is not None:
            run.output.hide(of_pair(credentials.username, credentials.password))
            yield account.origin(os.environ, credentials, local=common.local)
        if endpoints is None:
            return
        clock: Clock = click.get_current_context().find_root().obj.get("clock") or SystemClock()
        if not common.local:
            yield network.hosts(os.environ, credentials, endpoints)
        timeouts = Timeouts(stall=common.stall_timeout)
        answers = network.ask_hosts(endpoints, timeouts, clock)
        yield from network.reachable(endpoints, answers)
        yield network.clock_check(answers)
        if credentials is None:
            return
        if isinstance(answers.api, Unreached):
            yield warning("account", "it could not be asked: the API host does not answer")
            return
        with ServerlessClient(
            endpoints, credentials, retry=_PATIENCE, timeouts=timeouts, emit=run.emit, clock=clock
        ) as client:
            yield from account.examine(client, credentials, manifest)


def _settings(common: Common, stack: ExitStack) -> tuple[Credentials | None, Endpoints | None, list[Check]]:
    """Credentials and hosts, each None where the settings are wrong, and what is wrong with them."""
    if common.local:
        try:
            local = stack.enter_context(open_reach(common))
        except AssetsyncError as error:
            return None, None, [failed("local service", error)]
        return local.credentials, local.endpoints, []
    found: list[Check] = []
    credentials = endpoints = None
    try:
        credentials = account_of(common)
    except AssetsyncError as error:
        found.append(failed("credentials", error))
    try:
        endpoints = find_endpoints(os.environ, credentials or Credentials("", ""))
    except AssetsyncError as error:
        found.append(failed("hosts", error))
    return credentials, endpoints, found
