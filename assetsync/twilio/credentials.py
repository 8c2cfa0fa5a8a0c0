"""Who we are to Twilio: from the environment, else from a profile of the Twilio CLI."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assetsync.errors import CredentialsError
from assetsync.twilio.printable import printable
from assetsync.twilio.sid import is_sid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MAX_CONFIG_BYTES = 1024 * 1024
_VARIABLES = "TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN, or TWILIO_API_KEY with TWILIO_API_SECRET"


@dataclass(frozen=True, slots=True)
class Credentials:
    """One pair for Basic auth, and where it belongs.

    username: an API key's SID (SK) or the Account's SID (AC); password: its secret, never shown
    account_sid: None where a key alone is known, it implies its account (F10.1)
    profile: the Twilio CLI profile that it comes from, None for the environment
    region, edge: None where nothing is said (F9.8); keys are valid in one Region only
    """

    username: str
    password: str = field(repr=False)
    account_sid: str | None = None
    profile: str | None = None
    region: str | None = None
    edge: str | None = None


def find_credentials(environ: Mapping[str, str], *, profile: str | None, config_dir: Path) -> Credentials:
    """The environment's, unless `profile` names one; else the Twilio CLI's active profile (F10.1-10.3).

    `config_dir` holds the Twilio CLI's `config.json`, see `twilio_config_dir`. Raises CredentialsError.
    """
    found = None if profile is not None else _from_environ(environ)
    found = found or _from_profile(environ, config_dir / "config.json", profile)
    if not _is_text(found.password):
        raise CredentialsError(
            "The secret holds bytes that are no text: no credential of Twilio's has any",
            hint=f"Set {_VARIABLES} again, or use --profile.",
        )
    return found


def twilio_config_dir(environ: Mapping[str, str], home: Path) -> Path:
    """Where the Twilio CLI keeps its `config.json` (F10.3)."""
    override = _value(environ, "TWILIO_CONFIG_DIR")
    return home / (override or ".twilio-cli")


def signing_token(environ: Mapping[str, str], credentials: Credentials) -> str | None:
    """The Auth Token that signs for what is protected (F8.8): no API key can. None where it is not at hand."""
    if credentials.username.startswith("AC"):
        return credentials.password
    account, token = _value(environ, "TWILIO_ACCOUNT_SID"), _value(environ, "TWILIO_AUTH_TOKEN")
    is_ours = credentials.account_sid is None or account in {None, credentials.account_sid}
    return token if token is not None and is_ours and _is_text(token) else None


def _from_environ(environ: Mapping[str, str]) -> Credentials | None:
    account, token = _value(environ, "TWILIO_ACCOUNT_SID"), _value(environ, "TWILIO_AUTH_TOKEN")
    key, secret = _value(environ, "TWILIO_API_KEY"), _value(environ, "TWILIO_API_SECRET")
    if account is not None and not is_sid(account, "AC"):
        raise _malformed_variable("TWILIO_ACCOUNT_SID", "an Account SID (AC and 32 hexadecimal digits)")
    if key is not None and not is_sid(key, "SK"):
        raise _malformed_variable("TWILIO_API_KEY", "an API key SID (SK and 32 hexadecimal digits)")
    region, edge = _value(environ, "TWILIO_REGION"), _value(environ, "TWILIO_EDGE")
    if key is not None and secret is not None:
        return Credentials(key, secret, account, None, region, edge)
    if key is not None or secret is not None:
        raise _half_set("TWILIO_API_KEY", "TWILIO_API_SECRET", first_is_set=key is not None)
    if account is not None and token is not None:
        return Credentials(account, token, account, None, region, edge)
    if account is not None or token is not None:
        raise _half_set("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", first_is_set=account is not None)
    return None


def _is_text(secret: str) -> bool:
    """Whether it can be sent: what the environment or JSON brings may hold lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in secret)


def _value(environ: Mapping[str, str], name: str) -> str | None:
    return environ.get(name, "").strip() or None


def _malformed_variable(name: str, wanted: str) -> CredentialsError:
    # The value is not shown: it may be a secret that was put into the wrong variable.
    return CredentialsError(f"The variable {name} is not {wanted}", hint=f"Set {_VARIABLES}, or use --profile.")


def _half_set(first: str, second: str, *, first_is_set: bool) -> CredentialsError:
    present, missing = (first, second) if first_is_set else (second, first)
    return CredentialsError(
        f"The variable {present} is set but {missing} is not",
        hint=f"Set {missing} too, or unset {present}, or choose a Twilio CLI profile with --profile.",
    )


def _from_profile(environ: Mapping[str, str], file: Path, profile: str | None) -> Credentials:
    config = _read_config(file, profile)
    name = profile if profile is not None else _active_profile(config, file)
    fields = _profile_fields(config, file, name)
    account, key = _text(fields, "accountSid"), _text(fields, "apiKey")
    secret = _text(fields, "apiSecret")
    place = f"The profile '{printable(name)}' in {printable(str(file))}"
    hint = f"Create it again with `twilio profiles:create`, or set {_VARIABLES}."
    if key is None or not is_sid(key, "SK"):
        raise CredentialsError(f"{place} has no valid apiKey (SK and 32 hexadecimal digits)", hint=hint)
    if secret is None:
        raise CredentialsError(f"{place} has no apiSecret", hint=hint)
    if account is not None and not is_sid(account, "AC"):
        raise CredentialsError(f"{place} has no valid accountSid (AC and 32 hexadecimal digits)", hint=hint)
    region = _value(environ, "TWILIO_REGION") or _text(fields, "region")
    edge = _value(environ, "TWILIO_EDGE") or _text(fields, "edge") or _text(config, "edge")
    return Credentials(key, secret, account, name, region, edge)


def _read_config(file: Path, profile: str | None) -> Mapping[str, object]:
    shown = printable(str(file))
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_CONFIG_BYTES + 1)
    except FileNotFoundError:
        wanted = (
            "No Twilio credentials were found" if profile is None else f"The profile '{printable(profile)}' is unknown"
        )
        raise CredentialsError(
            f"{wanted}: there is no {shown}", hint=f"Set {_VARIABLES}, or run `twilio login`."
        ) from None
    except OSError as error:
        raise CredentialsError(
            f"{shown} cannot be read: {error.strerror or 'unknown error'}",
            hint=f"Make it readable, or set {_VARIABLES}.",
        ) from None
    # Neither the text nor the parser's message is shown: both may hold a secret.
    corrupt = CredentialsError(
        f"{shown} is not a valid Twilio CLI configuration (a JSON object)",
        hint=f"Create it again with `twilio login`, or set {_VARIABLES}.",
    )
    if len(content) > _MAX_CONFIG_BYTES:
        raise corrupt
    try:
        config = json.loads(content)
    except (ValueError, RecursionError):
        raise corrupt from None
    if not isinstance(config, dict):
        raise corrupt
    return config


def _active_profile(config: Mapping[str, object], file: Path) -> str:
    active = _text(config, "activeProject")
    if active is not None:
        return active
    names = sorted(_profiles(config))
    if len(names) == 1:
        return names[0]
    shown = printable(str(file))
    if not names:
        raise CredentialsError(
            f"No Twilio credentials were found: {shown} has no profile",
            hint=f"Set {_VARIABLES}, or run `twilio login`.",
        )
    raise CredentialsError(
        f"{shown} has several profiles and none is active",
        hint=f"Choose one with --profile: {_listed(names)}.",
    )


def _profiles(config: Mapping[str, object]) -> Mapping[str, object]:
    profiles = config.get("profiles")
    return profiles if isinstance(profiles, dict) else {}


def _profile_fields(config: Mapping[str, object], file: Path, name: str) -> Mapping[str, object]:
    fields = _profiles(config).get(name)
    if isinstance(fields, dict):
        return fields
    shown = printable(str(file))
    if name in _legacy_projects(config):
        raise CredentialsError(
            f"The profile '{printable(name)}' in {shown} keeps its secret in the system's keychain, "
            "where it cannot be read",
            hint=f"Create it again with `twilio profiles:create`, or set {_VARIABLES}.",
        )
    raise CredentialsError(
        f"The profile '{printable(name)}' is not in {shown}",
        hint=f"Known profiles: {_listed(sorted(_profiles(config)))}. `twilio profiles:create` makes one.",
    )


def _legacy_projects(config: Mapping[str, object]) -> frozenset[str]:
    projects = config.get("projects")
    entries = projects if isinstance(projects, list) else []
    return frozenset(str(entry.get("id")) for entry in entries if isinstance(entry, dict))


def _listed(names: list[str]) -> str:
    shown = ", ".join(printable(name, limit=40) for name in names[:10])
    return f"{shown}, ..." if len(names) > 10 else shown or "none"


def _text(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    return value.strip() or None if isinstance(value, str) else None
