"""The whole local service behind one call: `Core.handle`. It knows no web framework and no socket."""

from __future__ import annotations

import logging
import re
import secrets
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from assetsync.emulator.api import builds, deployments, environments, items, logs, services, variables, versions
from assetsync.emulator.authentication import is_known
from assetsync.emulator.call import Call, Router
from assetsync.emulator.faults import FaultPlan, NoFaults
from assetsync.emulator.faults.effects import too_many_requests
from assetsync.emulator.faults.rule import Faults
from assetsync.emulator.faults.schedule import Schedule
from assetsync.emulator.hosting import AssetHost, Site, site_of
from assetsync.emulator.live.serving import is_script, script, serve_live
from assetsync.emulator.live.sites import LiveSites
from assetsync.emulator.messages import Answer, Outcome, Pairs, Request
from assetsync.emulator.moments import Clock, http_date, system_clock, to_micros
from assetsync.emulator.own_pages import is_own, own_page
from assetsync.emulator.refusals import (
    Refusal,
    failed,
    invalid,
    invalid_upload,
    method_not_allowed,
    not_found,
    unauthenticated,
)
from assetsync.emulator.request_log import RequestLog
from assetsync.emulator.retention import Collected, collect
from assetsync.emulator.settings import Settings
from assetsync.emulator.store import Store
from assetsync.emulator.witness import WITNESSES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from assetsync.emulator.content import Spool
    from assetsync.emulator.live.site import LiveSite

_LOG: Final = logging.getLogger("assetsync.emulator")
_UPLOAD: Final = re.compile(r"/v1/Services/[^/]+/(Assets|Functions)/[^/]+/Versions")

_ROUTER: Final = Router(
    (
        *services.ROUTES,
        *environments.ROUTES,
        *items.ROUTES,
        *versions.ROUTES,
        *builds.ROUTES,
        *deployments.ROUTES,
        *variables.ROUTES,
        *logs.ROUTES,
    )
)


def is_upload(method: str, path: str) -> bool:
    """Whether a request is for the upload host, which has its own way to refuse (F2.3)."""
    return method == "POST" and _UPLOAD.fullmatch(path) is not None


class Core:
    """One account's Serverless API and asset host, with its state below `folder`. Safe for many threads.

    `wait` is how a thread spends seconds of latency and of delays, by default until `release` at the latest.
    `account` are the credentials that it accepts, `requests` what was asked, `faults` the plan in force (assignable),
    `live` the sites that somebody watches.
    Raises UsageError where the folder cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings | None = None,
        *,
        clock: Clock = system_clock,
        faults: FaultPlan | None = None,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.clock = clock
        self.faults: FaultPlan = faults or NoFaults()
        self.requests = RequestLog(self.settings.log_entries)
        self.live = LiveSites()
        self._store = Store(folder, self.settings.synchronous, self.settings.seed)
        self.account = self.settings.account or self._store.account()
        self._host = AssetHost(self._store.contents, self.settings, self.account.auth_token)
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._wait = wait or self._closing.wait
        self._bent = Faults()
        self._flying = 0
        self._failing = 0

    def handle(self, request: Request, site: Site | None = None) -> Outcome:
        """Work on one request. The caller discards the request's uploads afterwards; those that were kept stay.

        `site` is given where everything is for one site; else the request tells whether it is for one.
        """
        site = site or site_of(request, self.settings.domain_root)
        if site is None and is_own(request.path):
            return own_page(self, request)
        if site is not None and is_script(request, site) and self.watched(request, site) is not None:
            return script()
        flying = self._count(1 if site is None else 0)
        try:
            outcome = self._admit(request, site, flying)
        finally:
            self._count(-1 if site is None else 0)
        status = outcome.status if isinstance(outcome, Answer) else 0
        self.requests.add(request, status, site=site is not None, at=to_micros(self.clock()))
        return self._stamped(outcome, site, flying) if isinstance(outcome, Answer) else outcome

    def fail(self, request: Request, problem: Exception) -> Answer:
        """The answer where the service itself fails: a full disk, a database that another program locks."""
        _LOG.error("%s %s failed: %s: %s", request.method, request.path[:200], type(problem).__name__, problem)
        return failed(problem).answer()

    @property
    def store(self) -> Store:
        """For the console, which only reads."""
        return self._store

    def new_spool(self) -> Spool:
        """Where a web shell puts an upload while it arrives."""
        return self._store.contents.spool(max(self.settings.public_bytes, self.settings.private_bytes))

    def watched(self, request: Request, site: Site) -> LiveSite | None:
        """The site's news, None where nobody watches it, and for names that may have been bent to this machine."""
        return None if request.is_foreign else self.live.get(site.domain)

    def fail_builds(self, count: int = 1) -> None:
        """Let the next `count` Builds end in `failed`, without a reason, as Twilio does (F6.6)."""
        with self._lock:
            self._failing = count

    def bend(self, faults: Faults | None) -> None:
        """Put these faults in force, counting from zero, instead of those before; None is no faults."""
        self._bent = faults or Faults()
        self.faults = NoFaults() if faults is None else Schedule(faults, self.pause)

    def faults_as_json(self) -> dict[str, Any]:
        """What is in force, with how often each rule struck; a plan that a test brought has no rules to show."""
        plan = self.faults
        return (plan if isinstance(plan, Schedule) else Schedule(Faults(seed=0), self.pause)).as_json()

    def pause(self, seconds: float) -> None:
        """Wait in this thread; `release` ends all waiting."""
        self._wait(seconds)

    def release(self) -> None:
        self._closing.set()

    def domains(self) -> tuple[str, ...]:
        """Of every Environment, oldest first."""
        with self._store.transaction() as tx:
            return tuple(row["domain_name"] for row in tx.all("SELECT domain_name FROM environments ORDER BY seq"))

    def collect(self, now: datetime | None = None) -> Collected:
        """Run the retention rules as of `now`, by default the service's clock."""
        with self._store.transaction() as tx:
            collected = collect(tx, self.settings, to_micros(now or self.clock()))
        self._store.sweep()
        return collected

    def close(self) -> None:
        self.release()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _admit(self, request: Request, site: Site | None, flying: int) -> Outcome:
        limit = self._bent.concurrency
        if limit is not None and site is None and flying > limit:
            return too_many_requests(self._bent.retry_after)
        if self.settings.latency_seconds:
            self.pause(self.settings.latency_seconds)
        return self._with_faults(request, site)

    def _with_faults(self, request: Request, site: Site | None) -> Outcome:
        """Faults see a site's requests below `/sites/<domain>/`, whatever host they came by."""
        faults = self.faults
        seen = request if site is None else replace(request, path=f"/sites/{site.domain}{site.path}")
        instead = faults.before(seen)
        if instead is not None:
            return instead
        try:
            answer = self._site(request, site) if site is not None else self._witnessed(request)
        except Exception as problem:  # noqa: BLE001 whatever it is: a service answers
            answer = self.fail(request, problem)
        instead = faults.after(seen, answer)
        return answer if instead is None else instead

    def _witnessed(self, request: Request) -> Answer:
        answer = self._api(request)
        for witness in tuple(WITNESSES):
            witness(request, answer)
        return answer

    def _site(self, request: Request, site: Site) -> Answer:
        live = self.watched(request, site)
        if live is None:
            return self._serve(request, site)
        return serve_live(lambda asked: self._serve(asked, site), request, site, live.last())

    def _serve(self, request: Request, site: Site) -> Answer:
        with self._store.transaction() as tx:
            return self._host.serve(request, site, tx, to_micros(self.clock()))

    def _api(self, request: Request) -> Answer:
        try:
            self.check_credentials(request.headers)
            match = _ROUTER.match(request.path) if request.path.startswith("/v1/") else None
            if match is None:
                raise not_found(request.path)
            handler = match.methods.get(request.method)
            if handler is None:
                raise method_not_allowed(tuple(match.methods))
            if request.body.problem is not None:
                raise (invalid_upload if is_upload(request.method, request.path) else invalid)(request.body.problem)
            for file in request.body.files:
                self._store.contents.settle(file.spool)
            with self._store.transaction() as tx:
                call = Call(
                    request=request,
                    keys=match.keys,
                    tx=tx,
                    contents=self._store.contents,
                    settings=self.settings,
                    account_sid=self.account.sid,
                    now=to_micros(self.clock()),
                    random=self._store.random,
                    outcome=self._build_outcome,
                )
                return handler(call)
        except Refusal as refusal:
            return refusal.answer()

    def check_credentials(self, headers: Mapping[str, str]) -> None:
        """Names in lower case. Raises Refusal."""
        if not is_known(headers.get("authorization", ""), self.account, self.settings.api_keys):
            raise unauthenticated()

    def _count(self, more: int) -> int:
        """How many requests to the API are at work, this one included."""
        with self._lock:
            self._flying += more
            return self._flying

    def _build_outcome(self) -> str:
        with self._lock:
            if self._failing == 0:
                return "completed"
            self._failing -= 1
            return "failed"

    def _stamped(self, answer: Answer, site: Site | None, flying: int) -> Answer:
        """The headers that every answer bears (F3.8), where the answer has none of its own. `Date` is our clock's."""
        stamps: Pairs = (("Date", http_date(self.clock())),)
        if site is None:
            request_id = f"RQ{secrets.token_hex(16)}"
            stamps = (*stamps, ("Twilio-Request-Id", request_id), ("Twilio-Concurrent-Requests", str(flying)))
        own = {name.lower() for name, _ in answer.headers}
        missing = tuple((name, value) for name, value in stamps if name.lower() not in own)
        return replace(answer, headers=(*answer.headers, *missing))
