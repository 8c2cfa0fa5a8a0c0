"""Where Twilio is: the API host, the upload host, and where sites are served."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from assetsync.errors import UsageError
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assetsync.twilio.credentials import Credentials

_EDGE_OF_REGION = {"us1": "ashburn", "au1": "sydney", "ie1": "dublin"}
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
_DOMAIN = "{domain}"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Base URLs without `/v1` and without a closing slash; `site_url` is a template with `{domain}`."""

    api_url: str
    upload_url: str
    site_url: str = f"https://{_DOMAIN}"

    def site(self, domain: str) -> str:
        """The URL, without a closing slash, at which an Environment's domain is served."""
        return self.site_url.replace(_DOMAIN, domain)


def find_endpoints(environ: Mapping[str, str], credentials: Credentials) -> Endpoints:
    """The hosts by Region and edge (F9.8), unless `ASSETSYNC_*_URL` name others.

    ASSETSYNC_API_URL stands for both hosts, ASSETSYNC_UPLOAD_URL for the second. Raises UsageError.
    """
    api_url = _base_url(environ, "ASSETSYNC_API_URL")
    upload_url = _base_url(environ, "ASSETSYNC_UPLOAD_URL") or api_url
    if api_url is None or upload_url is None:
        suffix = _host_suffix(environ, credentials)
        api_url = api_url or f"https://serverless{suffix}.twilio.com"
        upload_url = upload_url or f"https://serverless-upload{suffix}.twilio.com"
    return Endpoints(api_url, upload_url, _site_url(environ))


def _host_suffix(environ: Mapping[str, str], credentials: Credentials) -> str:
    region = _label("TWILIO_REGION", environ.get("TWILIO_REGION", "").strip() or credentials.region)
    edge = _label("TWILIO_EDGE", environ.get("TWILIO_EDGE", "").strip() or credentials.edge)
    if region is not None and edge is None:
        edge = _EDGE_OF_REGION.get(region)
        if edge is None:
            raise UsageError(
                f"The Region '{region}' has no edge that is known here",
                hint=f"Set TWILIO_EDGE too; known Regions are {', '.join(sorted(_EDGE_OF_REGION))}.",
            )
    return "".join(f".{part}" for part in (edge, region) if part is not None)


def _label(variable: str, value: str | None) -> str | None:
    if value is None or _LABEL.fullmatch(value):
        return value
    raise UsageError(
        f"'{printable(value, limit=60)}' is not a Region or edge name (from {variable} or the Twilio CLI profile)",
        hint="A Region looks like ie1, an edge like dublin.",
    )


def _base_url(environ: Mapping[str, str], variable: str) -> str | None:
    value = environ.get(variable, "").strip().rstrip("/")
    if not value:
        return None
    _check_url(variable, value)
    if value.endswith("/v1"):
        raise UsageError(f"The variable {variable} ends in /v1", hint="Give the base URL without /v1.")
    return value


def _site_url(environ: Mapping[str, str]) -> str:
    variable = "ASSETSYNC_SITE_URL"
    value = environ.get(variable, "").strip().rstrip("/") or f"https://{_DOMAIN}"
    if _DOMAIN not in value:
        raise UsageError(
            f"The variable {variable} has no {_DOMAIN} in it", hint=f"Write it like http://localhost:8000/{_DOMAIN}."
        )
    _check_url(variable, value.replace(_DOMAIN, "site-1234.twil.io"))
    return value


def _check_url(variable: str, value: str) -> None:
    reason = _fault(value)
    if reason is not None:
        # The value is not shown: it may hold a password.
        raise UsageError(
            f"The variable {variable} is not a usable URL: {reason}",
            hint="Write it like https://serverless.twilio.com.",
        )


def _fault(value: str) -> str | None:
    if not value.isascii() or not value.isprintable() or " " in value or "\\" in value:
        return "it has characters that a URL cannot have"
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:
        return "its host or port cannot be read"
    if url.scheme not in {"http", "https"}:
        return "it does not begin with http:// or https://"
    if "@" in url.netloc:
        return "it has a user name or password in it"
    return _host_fault(url.netloc, url.hostname or "", port) or (
        "it has a query or a fragment" if "?" in value or "#" in value else None
    )


def _host_fault(netloc: str, host: str, port: int | None) -> str | None:
    bare = netloc.rpartition(":")[0] if port is not None else netloc.removesuffix(":")
    if not _HOST.fullmatch(bare) or any(len(label) not in range(1, 64) for label in host.split(".")):
        return "its host is not valid"
    return "its port is not valid" if port == 0 else None
