"""The way out of what Twilio refuses, by its code and, where one code stands for many things, by its words (F3.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assetsync.errors import ApiError

CREDENTIALS = (
    "Check that key and secret belong together, that the key still exists, that these are not test credentials, "
    "and that the key's Region matches TWILIO_REGION."
)
_NOT_FOUND = (
    "It is gone, or it belongs to another account or Region: check the credentials, TWILIO_REGION and `service`."
)
_TOO_LARGE = "Twilio takes files up to 25 MB (private ones up to 10 MB); exclude or shrink the file."
_BUSY = "Too many requests at once for this account: lower --concurrency, or wait for other tools to finish."
_TWILIO_FAILED = "The fault is on Twilio's side: try again later, and see https://status.twilio.com."
_PROXY = "A proxy wants credentials: check HTTPS_PROXY and NO_PROXY."

# Words of the message, in lower case, and what they mean; 20001 is Twilio's code for anything invalid.
_BY_WORDS = (
    ("path provided is invalid", "A path takes A-Z a-z 0-9 - _ . ~ ! * = and /, at most 255 bytes; rename the file."),
    ("content provided is empty", "It is not known whether Twilio takes empty files: exclude it, or write into it."),
    (
        "at least one function version or asset version",
        "An empty Build is not possible: a Deployment without a Build takes the site off line instead.",
    ),
    (
        "different asset versions for same asset",
        "The Service was changed by the Console or by another tool at the same time: run the command again.",
    ),
    ("services are limited", "Delete a Service that is not needed any more, or use an existing one."),
    (
        "no matching version found",
        "A dependency of the Functions is no longer on npm: deploy the Functions anew first.",
    ),
    ("dependencies could not be validated", "Deploy the Functions anew with dependencies that npm knows."),
    ("part of an active deployment", "An Environment still serves it: deploy another Build there first."),
    ("migrate to the flex plugin builder", "Paths under /plugins/ are for Flex plugins: use another target."),
    ("ensure the api key's twilio region", CREDENTIALS),
    ("runtime", "Twilio may have retired this runtime: choose a current one with --runtime."),
)
_BY_CODE = {20003: CREDENTIALS, 20404: _NOT_FOUND, 20429: _BUSY}
_BY_STATUS = {404: _NOT_FOUND, 407: _PROXY, 413: _TOO_LARGE, 429: _BUSY}
_ALREADY_DEPLOYED = "already has requested deployment"


def hint_for(status: int, code: int | None, message: str) -> str | None:
    """The way out, or None where nothing better than Twilio's own words is known."""
    if code is not None and code in _BY_CODE:
        return _BY_CODE[code]
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return _TWILIO_FAILED
    lowered = message.lower()
    return next((hint for words, hint in _BY_WORDS if words in lowered), None)


def is_already_deployed(error: ApiError) -> bool:
    """Whether a Deployment was refused because its Build is live already (F3.6): that is success."""
    return _ALREADY_DEPLOYED in error.message.lower()
