"""Is what is served what the folders hold? Bytes, content type and visibility of each path, fetched from the site."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from assetsync.errors import Interrupted, ServiceError
from assetsync.events import Emit, Fetched, silent
from assetsync.model import Visibility

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from assetsync.apply.once import Pace
    from assetsync.model import DesiredAsset
    from assetsync.twilio.site import Delivery, Site

FIRST_WAIT, LAST_WAIT = 0.5, 5.0
"""Seconds between two looks at what is not right yet: a Deployment takes a few seconds to be served (F8.7)."""

_REFUSED = frozenset({400, 401, 403})
"""What a site says to somebody who has no signature, or no right (F8.8, F8.10)."""


class Fault(StrEnum):
    """In what a path differs; the words are what a user reads, and stay as they are."""

    MISSING = "missing"
    BYTES = "bytes"
    CONTENT_TYPE = "content-type"
    VISIBILITY = "visibility"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One path that is not served as it should be."""

    path: str
    source: str
    fault: Fault
    message: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found, in path order.

    checked: paths that were looked at; unsigned: protected ones among them whose bytes nobody here may read
    private: private ones, of which only that they are not reachable was seen (F8.10)
    """

    findings: tuple[Finding, ...]
    checked: int
    unsigned: int
    private: int


def verify(
    site: Site,
    assets: Sequence[DesiredAsset],
    *,
    wait: float = 0.0,
    concurrency: int,
    pace: Pace,
    stop: threading.Event,
    emit: Emit = silent,
) -> Verified:
    """Look at each; for `wait` seconds again at those that are not right yet.

    Raises Interrupted when `stop` is set, ServiceError where the site cannot be reached.
    """
    began, interval = pace.clock.monotonic(), FIRST_WAIT
    left, findings = tuple(assets), _look(site, assets, concurrency, stop, emit)
    while findings and (rest := wait - (pace.clock.monotonic() - began)) > 0:
        pace.wait(min(interval, rest))
        interval = min(interval * 2, LAST_WAIT)
        wrong = {finding.path for finding in findings}
        left = tuple(asset for asset in left if asset.path in wrong)
        site.look_again()
        findings = _look(site, left, concurrency, stop, silent)
    site.check()
    kinds = [asset.visibility for asset in assets]
    unsigned = 0 if site.can_sign else kinds.count(Visibility.PROTECTED)
    return Verified(findings, len(kinds), unsigned, kinds.count(Visibility.PRIVATE))


def _look(
    site: Site, assets: Sequence[DesiredAsset], concurrency: int, stop: threading.Event, emit: Emit
) -> tuple[Finding, ...]:
    def look(asset: DesiredAsset) -> Finding | None:
        return None if stop.is_set() else _finding(site, asset)

    found = []
    with ThreadPoolExecutor(concurrency) as pool:
        for number, finding in enumerate(pool.map(look, assets), start=1):
            emit(Fetched(number, len(assets)))
            if finding is not None:
                found.append(finding)
    if stop.is_set():
        raise Interrupted("interrupted before everything was looked at")
    return tuple(found)


def _finding(site: Site, asset: DesiredAsset) -> Finding | None:
    try:
        fault = _fault(site, asset)
    except ServiceError as error:
        fault = Fault.UNREACHABLE, error.message
    return None if fault is None else Finding(asset.path, asset.source, *fault)


def _fault(site: Site, asset: DesiredAsset) -> tuple[Fault, str] | None:
    """In what one path differs, and a sentence; None where nothing does."""
    plain = site.fetch(asset.path)
    match asset.visibility:
        case Visibility.PUBLIC:
            return _public(asset, plain)
        case Visibility.PROTECTED:
            return _reached(asset, plain) or _protected(site, asset, plain)
        case Visibility.PRIVATE:
            return _reached(asset, plain)
        case _:
            assert_never(asset.visibility)


def _public(asset: DesiredAsset, plain: Delivery) -> tuple[Fault, str] | None:
    if plain.status in _REFUSED:
        return Fault.VISIBILITY, f"nobody may read it (HTTP {plain.status}), and it should be public"
    return _missing(plain) or content_fault(asset, plain)


def _protected(site: Site, asset: DesiredAsset, plain: Delivery) -> tuple[Fault, str] | None:
    if plain.status not in _REFUSED:
        return _missing(plain)
    if not site.can_sign:
        return None
    signed = site.fetch(asset.path, signed=True)
    if signed.status in _REFUSED:
        return (
            Fault.VISIBILITY,
            f"refused with a signature too (HTTP {signed.status}): it is private, or the token is not its account's",
        )
    return _missing(signed) or content_fault(asset, signed)


def _reached(asset: DesiredAsset, plain: Delivery) -> tuple[Fault, str] | None:
    if plain.status < 300:
        return Fault.VISIBILITY, f"anybody may read it, and it should be {asset.visibility}"
    return None


def _missing(delivery: Delivery) -> tuple[Fault, str] | None:
    if delivery.status == 200:
        return None
    return Fault.MISSING, f"it is not served (HTTP {delivery.status})"


def content_fault(asset: DesiredAsset, delivery: Delivery) -> tuple[Fault, str] | None:
    """In what a delivery differs from the file: its bytes, its content type; None where nothing does."""
    if (delivery.size, delivery.digest) != (asset.size, asset.digest):
        sizes = f": {delivery.size} are served, the file has {asset.size}" if delivery.size != asset.size else ""
        return Fault.BYTES, f"other bytes are served{sizes}"
    if _plain_type(delivery.content_type or "") != _plain_type(asset.content_type):
        return Fault.CONTENT_TYPE, f"served as {delivery.content_type or 'nothing'}, not as {asset.content_type}"
    return None


def _plain_type(header: str) -> tuple[str, ...]:
    """A content type without what means nothing: letters' case before the parameters, and blanks."""
    kind, *parameters = (part.strip() for part in header.split(";"))
    return (kind.lower(), *sorted(parameter.lower() for parameter in parameters))
