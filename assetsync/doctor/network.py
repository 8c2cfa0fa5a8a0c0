"""The way to the service: which hosts, by which proxies and certificates, whether they answer, and by whose clock."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from assetsync.doctor.check import ok, warning, wrong
from assetsync.report.units import duration, span
from assetsync.twilio.printable import printable
from assetsync.twilio.reach import Reached, Unreached, reach

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from assetsync.doctor.check import Check
    from assetsync.twilio.connections import Timeouts
    from assetsync.twilio.credentials import Credentials
    from assetsync.twilio.endpoints import Endpoints
    from assetsync.twilio.retry import Clock

CLOCKS_APART = timedelta(seconds=30)
"""From here on the ages of things are told wrongly: the service dates them, and some are compared with our clock."""

_HOUR = 3600.0
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_OURS = ("ASSETSYNC_API_URL", "ASSETSYNC_UPLOAD_URL", "ASSETSYNC_SITE_URL")


@dataclass(frozen=True, slots=True)
class Answers:
    """What came from the two hosts."""

    api: Reached | Unreached
    upload: Reached | Unreached


def hosts(environ: Mapping[str, str], credentials: Credentials | None, endpoints: Endpoints) -> Check:
    """Region and edge, and what they or the variables resolve to (F9.8)."""
    given = [name for name in _OURS if environ.get(name, "").strip()]
    found = f"API {endpoints.api_url}, upload {endpoints.upload_url}"
    by = f", by {', '.join(given)}" if given else ""
    if _OURS[0] in given:
        return ok("hosts", f"{found}{by}; Region and edge do not count")
    region = environ.get("TWILIO_REGION", "").strip() or (credentials.region if credentials else None)
    edge = environ.get("TWILIO_EDGE", "").strip() or (credentials.edge if credentials else None)
    place = f"Region {printable(region or 'us1')}, {f'edge {printable(edge)}' if edge else 'its own edge'}"
    return ok("hosts", f"{found}{by}; {place}")


def variables(environ: Mapping[str, str]) -> Iterator[Check]:
    """The proxy and certificate variables in force. A password is never told."""
    proxies = [
        f"{name}={_without_password(environ[name])}"
        for each in _PROXIES
        for name in (each, each.lower())
        if environ.get(name, "").strip()
    ]
    around = [
        f"{name}={printable(environ[name])}" for name in ("NO_PROXY", "no_proxy") if environ.get(name, "").strip()
    ]
    yield ok("proxy", ", ".join((*proxies, *around)) or "no proxy is set")
    yield _certificates(environ)


def ask_hosts(endpoints: Endpoints, timeouts: Timeouts, clock: Clock) -> Answers:
    """Both at the same time."""
    with ThreadPoolExecutor(2) as pool:
        api, upload = pool.map(
            partial(reach, timeouts=timeouts, clock=clock), (endpoints.api_url, endpoints.upload_url)
        )
    return Answers(api, upload)


def reachable(endpoints: Endpoints, answers: Answers) -> Iterator[Check]:
    yield _answer("API host", endpoints.api_url, answers.api)
    yield _answer("upload host", endpoints.upload_url, answers.upload)


def clock_check(answers: Answers) -> Check:
    """Our clock beside the service's, to a second."""
    dates = (each.ahead for each in (answers.api, answers.upload) if isinstance(each, Reached))
    ahead = next((each for each in dates if each is not None), None)
    if ahead is None:
        return warning("clock", "it cannot be compared: no host tells the time")
    seconds = abs(ahead).total_seconds()
    if abs(ahead) <= CLOCKS_APART:
        return ok("clock", f"{duration(seconds)} apart from the service's, which is near enough")
    side = "behind" if ahead > timedelta() else "ahead of"
    return warning(
        "clock",
        f"this machine's is {duration(seconds) if seconds < _HOUR else span(seconds)} {side} the service's",
        "set it right (NTP): the ages of things are told by it",
    )


def _answer(name: str, url: str, answer: Reached | Unreached) -> Check:
    host = printable(urlsplit(url).netloc)
    if isinstance(answer, Unreached):
        return wrong(name, f"{host}: {answer.message}", answer.hint)
    if answer.status == 407:
        return wrong(name, f"{host}: a proxy wants credentials", "check HTTPS_PROXY and NO_PROXY")
    if answer.status >= 500:
        hint = "the fault is on the other side: try again later, and see https://status.twilio.com"
        return warning(name, f"{host} answers HTTP {answer.status}", hint)
    return ok(name, f"{host} answers, in {duration(answer.seconds)}")


def _certificates(environ: Mapping[str, str]) -> Check:
    file, folder = environ.get("SSL_CERT_FILE", ""), environ.get("SSL_CERT_DIR", "")
    if not file and not folder:
        return ok("certificates", "those that come with assetsync")
    hint = "name a readable one, or unset the variable"
    if file and not _is_readable(file):
        return wrong("certificates", f"SSL_CERT_FILE={printable(file)} is not a file that can be read", hint)
    if folder and not os.path.isdir(folder):  # noqa: PTH112 - never raises
        return wrong("certificates", f"SSL_CERT_DIR={printable(folder)} is not a folder", hint)
    given = [f"SSL_CERT_FILE={printable(file)}"] * bool(file) + [f"SSL_CERT_DIR={printable(folder)}"] * bool(folder)
    return ok("certificates", ", ".join(given))


def _is_readable(file: str) -> bool:
    try:
        return os.path.isfile(file) and os.access(file, os.R_OK)  # noqa: PTH113
    except ValueError:
        return False


def _without_password(url: str) -> str:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        user, at, host = parts.netloc.rpartition("@")
    except ValueError:
        return "(not a URL)"
    name, colon, _password = user.partition(":")
    return printable(parts._replace(netloc=f"{name}{f'{colon}[hidden]' if colon else ''}{at}{host}").geturl())
