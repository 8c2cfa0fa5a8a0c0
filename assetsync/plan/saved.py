"""A saved plan is compared, never executed: `apply PLANFILE` plans anew and goes on only for the same effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assetsync.errors import Conflict, UsageError
from assetsync.plan.document import FORMAT_VERSION, Document
from assetsync.plan.safety import Consent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DAMAGED = "the plan file is damaged or was edited"
_CARRIED = (
    ("carried", "is carried over"),
    ("replaced", "is replaced"),
    ("dropped", "is dropped"),
    ("kept", "is kept for open pages"),
)
_CONTENT = {"visibility": "visibility", "content_type": "content type", "digest": "content"}


def check_format(document: Any, file: str) -> Document:
    """The document of a plan file. Raises UsageError for a file that is none, or of another version."""
    if not isinstance(document, dict) or type(document.get("format_version")) is not int:
        raise UsageError(f"{file} is not a plan file", hint="write one with `assetsync plan --out FILE`")
    if document["format_version"] != FORMAT_VERSION:
        raise UsageError(
            f"{file} has plan format {document['format_version']}, this assetsync reads {FORMAT_VERSION}",
            hint="plan again with the assetsync that applies",
        )
    return document


def first_difference(saved: Document, now: Document) -> str | None:
    """What differs in effect between two plans, as a sentence; None where nothing does.

    How an effect is reached (restore, upload) may differ; what is served, where, and what is lost may not.
    Both documents were made with every action in them.
    """
    try:
        return next(_differences(saved, now), None)
    except (KeyError, TypeError, AttributeError, ValueError):
        return _DAMAGED


def consents_of(saved: Document) -> tuple[Consent, ...]:
    """The consents given when the plan was saved, each for exactly the figure of then.

    Raises Conflict for a document that is damaged there, as one that was edited is no plan of ours any more.
    """
    try:
        return tuple(
            Consent(str(each["override"]), int(each["observed"]))
            for each in saved["safety"]
            if each["allowed_by"] is not None
        )
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise Conflict(f"{_DAMAGED}; nothing was written", hint="plan again, and apply that") from error


def _differences(saved: Document, now: Document) -> Iterator[str]:
    yield from _scalar("it is for the account {}, this run for {}", saved["account_sid"], now["account_sid"])
    yield from _scalar("it is of the manifest named {}, this one is named {}", saved["owner"], now["owner"])
    service, today = saved["service"], now["service"]
    if service["sid"] is None or today["sid"] is None:
        yield from _scalar("it is for the Service {}, this run for {}", service["unique_name"], today["unique_name"])
    yield from _there(f"the Service {today['unique_name']}", service["sid"], today["sid"])
    yield from _scalar("it is for the Service {}, this run for {}", service["sid"], today["sid"])
    then, today = saved["environment"], now["environment"]
    yield from _scalar("it is for the Environment {}, this run for {}", then["name"], today["name"])
    yield from _there(f"the Environment {today['name']}", then["sid"], today["sid"])
    yield from _scalar("the Environment {} is now another one: {}", then["sid"], today["sid"])
    yield from _scalar("its domain suffix was {} and is {}", then["suffix"], today["suffix"])
    yield from _scalar(
        "somebody deployed since: the live Build was {} and is {}", then["build_sid"], today["build_sid"]
    )
    yield from _assets(_served(saved), _served(now))
    yield from _paths("would stop being served", _deleted(saved), _deleted(now))
    for key, what in _CARRIED:
        yield from _paths(what, _versions(saved[key]), _versions(now[key]))
    yield from _paths("is a Function carried over", _versions(saved["functions"]), _versions(now["functions"]))


def _scalar(sentence: str, saved: object, now: object) -> Iterator[str]:
    if saved != now:
        yield sentence.format(*("none" if each is None else each for each in (saved, now)))


def _there(what: str, saved: object, now: object) -> Iterator[str]:
    """Something that was made or deleted since."""
    if saved is None and now is not None:
        yield f"{what} did not exist then, and does now"
    if saved is not None and now is None:
        yield f"{what} existed then, and does not any more"


def _served(document: Document) -> dict[str, Mapping[str, Any]]:
    return {each["path"]: each for each in document["actions"] if each["action"] != "delete"}


def _deleted(document: Document) -> set[str]:
    previous = {each["previous_path"] for each in document["actions"] if each["previous_path"]}
    return previous | {each["path"] for each in document["actions"] if each["action"] == "delete"}


def _versions(found: list[Mapping[str, Any]]) -> set[str]:
    return {f"{each['path']} ({each['version_sid']})" for each in found}


def _assets(saved: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for path in sorted(saved.keys() | now.keys()):
        if path not in now:
            yield f"{path} was in the plan and is not in the files any more"
        elif path not in saved:
            yield f"{path} is in the files and was not in the plan"
        else:
            for key, what in _CONTENT.items():
                if saved[path][key] != now[path][key]:
                    yield f"the {what} of {path} changed since the plan"


def _paths(what: str, saved: set[str], now: set[str]) -> Iterator[str]:
    for path in sorted(saved ^ now):
        yield f"{path} {what} {'only in the plan' if path in saved else 'now, and was not in the plan'}"
