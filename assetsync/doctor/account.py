"""Who we are to Twilio, whether it agrees, and how much of what it allows is in use. Nothing here tells a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.doctor.check import CREDENTIALS, Check, State, failed, ok, warning
from assetsync.errors import AssetsyncError
from assetsync.plan.limits import ENVIRONMENTS, SERVICES, Use, use_of_build
from assetsync.report.units import short_sid
from assetsync.twilio.credentials import signing_token
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from assetsync.manifest.model import Manifest
    from assetsync.model import Environment, Service
    from assetsync.twilio.client import ServerlessClient
    from assetsync.twilio.credentials import Credentials

_SHORT = "delete what is not needed any more, or ask Twilio for more"


def origin(environ: Mapping[str, str], credentials: Credentials, *, local: bool = False) -> Check:
    """Where the credentials come from, and of which kind they are (F10.1, F8.8)."""
    is_token = credentials.username.startswith("AC")
    source = "the local service" if local else "the variables"
    if credentials.profile is not None:
        source = f"the profile '{printable(credentials.profile)}'"
    kind = "Auth Token" if is_token else f"API key {short_sid(credentials.username)}"
    account = f" of the account {short_sid(credentials.account_sid)}" if credentials.account_sid else ""
    if signing_token(environ, credentials) is None:
        return ok(
            "credentials",
            f"{kind}{account}, from {source}; an API key cannot sign the URLs of protected files",
            "set TWILIO_AUTH_TOKEN as well, so that `verify` can read them",
        )
    return ok("credentials", f"{kind}{account}, from {source}; protected URLs can be signed")


def examine(client: ServerlessClient, credentials: Credentials, manifest: Manifest | None) -> Iterator[Check]:
    """Whether the service takes them, whose they are, and the limits: three reads at most."""
    try:
        services = client.list_services()
    except AssetsyncError as error:
        yield failed("account", error)
        return
    yield _belongs(credentials, services)
    yield _limit("Services", Use("Services of the account", len(services), SERVICES))
    if manifest is not None:
        try:
            yield from _service_checks(client, manifest, services)
        except AssetsyncError as error:
            yield failed("Service", error)


def _belongs(credentials: Credentials, services: tuple[Service, ...]) -> Check:
    said = credentials.account_sid
    if not services:
        whose = f", account {short_sid(said)}" if credentials.username.startswith("AC") else ""
        return ok("account", f"the credentials are accepted{whose}; it has no Service yet")
    account = services[0].account_sid
    if said is not None and said != account:
        return Check(
            "account",
            State.WRONG,
            f"the key belongs to the account {short_sid(account)}, and TWILIO_ACCOUNT_SID or the profile says "
            f"{short_sid(said)}",
            "set the key and the account of one and the same account",
            CREDENTIALS,
        )
    return ok("account", f"the credentials are accepted, account {short_sid(account)}")


def _service_checks(client: ServerlessClient, manifest: Manifest, services: tuple[Service, ...]) -> Iterator[Check]:
    wanted = manifest.service
    service = next((each for each in services if wanted in {each.sid, each.unique_name}), None)
    name = printable(wanted)
    if service is None:
        hint = "`apply --create-service` makes it; if it should be there, check the account and TWILIO_REGION"
        yield ok("Service", f"{name} does not exist in this account and Region", hint)
        return
    if service.ui_editable:
        hint = "deploy from one of the two only"
        yield warning("Service", f"{name} can be edited in the Console too: each undoes the other's deployments", hint)
    else:
        yield ok("Service", f"{name}, {service.sid}")
    environments = client.list_environments(service.sid)
    yield _limit("Environments", Use(f"Environments of {name}", len(environments), ENVIRONMENTS))
    yield _live(client, manifest, environments)


def _live(client: ServerlessClient, manifest: Manifest, environments: tuple[Environment, ...]) -> Check:
    chosen = manifest.environment.name
    environment = next((each for each in environments if each.unique_name == chosen), None)
    name = printable(chosen)
    if environment is None:
        if manifest.environment.any_suffix:
            there = ", ".join(printable(each.unique_name) for each in environments) or "none"
            return warning("live Build", f"the Environment {name} is neither declared nor there", f"there are: {there}")
        return ok("live Build", f"the Environment {name} does not exist yet", "`assetsync apply` makes it")
    if environment.build_sid is None:
        return ok("live Build", f"nothing is deployed in {name}")
    build = client.fetch_build(environment.service_sid, environment.build_sid)
    return _limit("live Build", *use_of_build(build.asset_versions), about=f"{name}: ")


def _limit(name: str, *uses: Use, about: str = "") -> Check:
    message = about + ", ".join(each.sentence for each in uses)
    return warning(name, message, _SHORT) if any(each.is_short for each in uses) else ok(name, message)
