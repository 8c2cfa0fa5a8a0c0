"""The Python API: what the command line is made of, for those who script. `import assetsync` gives all of it.

    import assetsync

    manifest = assetsync.load_manifest("assetsync.yaml", environment="staging")
    with assetsync.connect() as connection:
        planned = connection.plan(manifest)
        print(planned.plan.summary, [refusal.message for refusal in planned.refusals])
        outcome = connection.apply(planned)
        assert not connection.verify(manifest, wait=60).findings

All errors are kinds of `AssetsyncError`, drawn as a tree in `assetsync/errors.py`; each has a message, and a hint where
there is a way out. Nothing is printed, nothing is asked, no signal is handled: `emit` gets the events of
`assetsync/events.py`, from several threads. What a plan refuses is refused by `apply` unless `consents` agree to it.
"""

from __future__ import annotations

import math
import os
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assetsync.apply.applier import BUILD_TIMEOUT, Controls, apply_plan
from assetsync.apply.journal import Journal
from assetsync.apply.once import Pace
from assetsync.errors import UsageError
from assetsync.events import Emit, silent
from assetsync.folders import cache_folder, home_folder
from assetsync.local.scan import digest_files, select
from assetsync.meant import existing_environment
from assetsync.plan.document import plan_document
from assetsync.plan.safety import check_consents, check_refusals, with_consents
from assetsync.prepare import prepare
from assetsync.twilio.client import ServerlessClient
from assetsync.twilio.connections import Timeouts
from assetsync.twilio.credentials import find_credentials, signing_token, twilio_config_dir
from assetsync.twilio.endpoints import find_endpoints
from assetsync.twilio.retry import SystemClock
from assetsync.twilio.survey import read_environments

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from assetsync.apply.applier import Outcome
    from assetsync.local.scan import Selected
    from assetsync.manifest.model import Manifest
    from assetsync.model import DesiredAsset, DesiredTree
    from assetsync.plan.plan import Plan
    from assetsync.plan.safety import Consent, Refusal
    from assetsync.prepare import Prepared
    from assetsync.served.verify import Verified
    from assetsync.twilio.credentials import Credentials
    from assetsync.twilio.endpoints import Endpoints
    from assetsync.twilio.retry import Clock
    from assetsync.twilio.site import Site

MOST_AT_ONCE = 20
"""Connections to a site: it is not the API, and knows no 429 that would tell how many it bears."""


@dataclass(frozen=True, slots=True)
class Connection:
    """An open client and journal, for any number of threads; after the end of its `with` a RuntimeError.

    cancelled: once set, waiting ends with Interrupted and nothing new is sent; what is on its way is finished
    clock: what is waited by
    cache_dir: where hashes and the journal are kept, None for nowhere
    auth_token: signs for what is protected, None where it is not at hand
    """

    client: ServerlessClient
    journal: Journal
    credentials: Credentials
    endpoints: Endpoints
    cancelled: threading.Event
    clock: Clock
    cache_dir: Path | None
    emit: Emit = silent
    auth_token: str | None = field(default=None, repr=False)

    def plan(
        self,
        manifest: Manifest,
        *,
        consents: Iterable[Consent] = (),
        runtime: str | None = None,
        retain: bool = True,
    ) -> Planned:
        """What `apply` would do. Nothing is written.

        consents: `Consent("--allow-deletes", 41)`, by the flags of the command line
        runtime: instead of the live Build's; retain: whether the manifest's key of that name is obeyed

        Raises InvalidInput for what the manifest or the files make impossible, UsageError for a flag that there is not,
        CredentialsError, ServiceError.
        """
        return self.plan_selected(select(manifest), consents=consents, runtime=runtime, retain=retain)

    def plan_selected(
        self,
        selection: Selected,
        *,
        consents: Iterable[Consent] = (),
        runtime: str | None = None,
        retain: bool = True,
    ) -> Planned:
        """The same for files that were selected before; their bytes are read while the first requests are under way."""
        consents = tuple(consents)
        check_consents(consents)
        prepared = prepare(
            selection.manifest,
            partial(read_tree, selection, self.cache_dir, self.emit),
            self.client,
            self.journal,
            account_sid=self.credentials.account_sid,
            runtime=runtime,
            retain=retain,
        )
        return Planned(prepared, with_consents(prepared.refusals, consents))

    def apply(
        self,
        planned: Planned,
        *,
        controls: Controls | None = None,
        build_timeout: float = BUILD_TIMEOUT,
    ) -> Outcome:
        """Carry it out: upload what changed, one Build, one Deployment; nothing where nothing changed.

        controls: how it is asked to end, and what is told; by default nobody asks, and the connection's `emit` is told

        Raises Refused, and UsageError for another account's plan, before anything is written; ApplyFailed (some files;
        nothing is deployed), Conflict (somebody else deployed), BuildFailed, ServiceError, Interrupted where it was
        asked to end. Running it again repairs whatever was interrupted, on any machine.
        """
        planned.check()
        made_for, ours = planned.plan.target.account_sid, self.credentials.account_sid
        if None not in {made_for, ours} and made_for != ours:
            raise UsageError(f"the plan is for the account {made_for}, the connection is one to {ours}")
        pace = Pace(self.clock, self.cancelled)
        chosen = controls or Controls(pace=pace, stop=threading.Event(), build_timeout=build_timeout, emit=self.emit)
        return apply_plan(planned.plan, planned.prepared.snapshot, self.client, self.journal, chosen)

    def verify(self, manifest: Manifest, *, wait: float = 0.0) -> Verified:
        """Fetch what is served and compare it with the folders; again for `wait` seconds where it is not right yet.

        Raises UsageError where the Environment does not exist, InvalidInput, ServiceError.
        """
        tree = read_tree(select(manifest), self.cache_dir, self.emit)
        environments = read_environments(self.client, manifest.service)
        domain = existing_environment(manifest, environments).domain_name
        return self.verify_assets(domain, tree.assets, wait=wait)

    def verify_assets(
        self,
        domain: str,
        assets: Sequence[DesiredAsset],
        *,
        wait: float = 0.0,
        concurrency: int = MOST_AT_ONCE,
        stop: threading.Event | None = None,
        emit: Emit | None = None,
    ) -> Verified:
        """The same for these assets at a domain. Raises Interrupted when `stop` is set."""
        from assetsync.served.verify import verify as compare

        ending = stop or threading.Event()
        with self.open_site(domain, ending) as site:
            return compare(
                site,
                assets,
                wait=wait,
                concurrency=min(concurrency, MOST_AT_ONCE),
                pace=Pace(self.clock, self.cancelled),
                stop=ending,
                emit=emit or self.emit,
            )

    def open_site(self, domain: str, stop: threading.Event) -> Site:
        """The site of a domain, with signatures where the Auth Token is at hand; a context manager.

        stop: ends what it waits for; there is nothing to finish
        """
        from assetsync.twilio.site import Site

        return Site(
            self.endpoints.site(domain),
            auth_token=self.auth_token,
            cancelled=stop,
            clock=self.clock,
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, what it was made from, and the guards that it trips, each with the consent that covers it."""

    prepared: Prepared
    refusals: tuple[Refusal, ...] = field(default=())

    @property
    def plan(self) -> Plan:
        """The actions in path order, what is carried over, and what would stop being served."""
        return self.prepared.plan

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence for each thing that is worth a look and no reason to stop."""
        return self.prepared.warnings

    def document(self, *, everything: bool = False) -> dict[str, Any]:
        """The plan as `plan --format json` has it, by the schema that `assetsync schema plan` prints."""
        return plan_document(self.plan, self.refusals, everything=everything, warnings=self.warnings)

    def consenting(self, consents: Iterable[Consent]) -> Planned:
        """The same with more consents given. Raises UsageError for a flag that there is not."""
        consents = tuple(consents)
        check_consents(consents)
        return replace(self, refusals=with_consents(self.refusals, consents))

    def check(self) -> None:
        """Raise Refused while a guard is not overridden."""
        check_refusals(self.refusals)


def load_manifest(
    file: str | os.PathLike[str],
    *,
    environment: str | None = None,
    variables: Mapping[str, str] | None = None,
    create_environment: bool = False,
    suffix: str | None = None,
    find_environment: bool = False,
) -> Manifest:
    """The manifest for one Environment: the only one where none is named. `variables` are `os.environ` by default.

    One that is not declared is refused, made by `apply` (create_environment, with this suffix), or there already
    (find_environment), such as a preview that is to be verified.

    Raises UsageError, InvalidInput with every problem, each with its line and column.
    """
    from assetsync.manifest.load import load_manifest as load

    return load(
        Path(file),
        environment=environment,
        variables=os.environ if variables is None else variables,
        create_environment=create_environment,
        suffix=suffix,
        find_environment=find_environment,
    )


@contextmanager
def connect(
    *,
    environ: Mapping[str, str] | None = None,
    profile: str | None = None,
    concurrency: int = 50,
    stall_timeout: float = 60.0,
    emit: Emit = silent,
) -> Iterator[Connection]:
    """A connection to Twilio, for a `with`: by the variables that the command line reads, or a profile of its CLI.

    environ: `os.environ` by default. Proxies and certificates are the process's own in any case (HTTPS_PROXY, ...)
    concurrency: 1 or more; stall_timeout: seconds after which a connection that hardly moves is given up

    Raises CredentialsError, UsageError. No request is made yet.
    """
    if concurrency < 1:
        raise UsageError(f"a connection with a concurrency of {concurrency} sends nothing", hint="give 1 or more")
    if not 0 < stall_timeout < math.inf:
        raise UsageError(f"a stall_timeout of {stall_timeout} gives up at once, or never", hint="give some seconds")
    variables = os.environ if environ is None else environ
    config = twilio_config_dir(variables, home_folder() or Path(os.devnull))
    credentials = find_credentials(variables, profile=profile, config_dir=config)
    with open_connection(
        credentials,
        find_endpoints(variables, credentials),
        cache_dir=cache_folder(variables),
        concurrency=concurrency,
        stall_timeout=stall_timeout,
        auth_token=signing_token(variables, credentials),
        emit=emit,
    ) as connection:
        yield connection


@contextmanager
def open_connection(
    credentials: Credentials,
    endpoints: Endpoints,
    *,
    cache_dir: Path | None,
    concurrency: int,
    stall_timeout: float,
    auth_token: str | None,
    emit: Emit = silent,
    clock: Clock | None = None,
) -> Iterator[Connection]:
    """The same for these credentials at these hosts. `auth_token` is what `signing_token` finds."""
    cancelled, clock = threading.Event(), clock or SystemClock()
    with ExitStack() as stack:
        client = stack.enter_context(
            ServerlessClient(
                endpoints,
                credentials,
                concurrency=concurrency,
                timeouts=Timeouts(stall=stall_timeout),
                emit=emit,
                cancelled=cancelled,
                clock=clock,
            )
        )
        journal = Journal(cache_dir, endpoints.api_url, now=time.time)
        stack.callback(journal.close)
        yield Connection(client, journal, credentials, endpoints, cancelled, clock, cache_dir, emit, auth_token)


def read_tree(selection: Selected, cache_dir: Path | None, emit: Emit = silent) -> DesiredTree:
    """The files with their digests, which are taken from the hash cache where nothing was touched."""
    return digest_files(selection, cache_dir=cache_dir, now_ns=time.time_ns, emit=emit)
