"""The credentials at work, in every form in which a service, a proxy or a message may quote them."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LEAST = 6
"""Characters. Anything shorter is found by chance."""

_VARIABLES = ("TWILIO_AUTH_TOKEN", "TWILIO_API_SECRET")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_HIDDEN = "[hidden]"
_CUT = re.compile(r"((?<![ .])[ .]*\.\.\.)")
"""The points by which all that is cut to a length ends."""


class Veil:
    """Takes secrets out of texts."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = frozenset(secrets)
        forms = {form for secret in self._secrets for form in _forms(secret) if len(form) >= LEAST}
        self._forms = tuple(sorted(forms, key=len, reverse=True))  # the longest first: one may hold another

    def over(self, more: Iterable[str]) -> Veil:
        """One that hides more."""
        return Veil((*self._secrets, *more))

    def text(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, _HIDDEN)
        *cut, rest = _CUT.split(text)
        return "".join((*map(self._without_beginning, cut), rest))

    def _without_beginning(self, text: str) -> str:
        """A text that was cut at its end, perhaps in the middle of a secret."""
        begun = (length for form in self._forms for length in range(LEAST, len(form)) if text.endswith(form[:length]))
        longest = max(begun, default=0)
        return text[:-longest] + _HIDDEN if longest else text

    def document(self, value: Any) -> Any:
        """A JSON value with nothing to hide in its texts."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return {key: self.document(each) for key, each in value.items()}
            case list():
                return [self.document(each) for each in value]
            case _:
                return value


def of_pair(username: str, password: str) -> tuple[str, str]:
    """What gives a pair for Basic auth away: the password, and what the header says. Without the filling at its end."""
    token = base64.b64encode(f"{username}:{password}".encode(errors="replace")).decode("ascii")
    return password, token.rstrip("=")


def of_environment(environ: Mapping[str, str]) -> Iterator[str]:
    """The secrets in the variables: Twilio's, and the passwords of proxies."""
    yield from (environ.get(name, "").strip() for name in _VARIABLES)
    for name, value in environ.items():
        if name.lower() in _PROXIES:
            yield from _of_url(value)


def _of_url(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")  # as httpx takes it
    except ValueError:
        return
    if parts.password is not None:
        yield parts.password
        yield from of_pair(unquote(parts.username or ""), unquote(parts.password))


def _forms(secret: str) -> tuple[str, ...]:
    """As it is, as it stands in a URL, and as some write it in JSON."""
    return secret, quote(secret, safe="", errors="replace"), secret.replace("/", "\\/")
