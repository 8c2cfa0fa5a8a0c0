"""What a run sets in a job: the outputs of a GitHub Actions step.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#environment-files
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_COUNTS = ("create", "upload", "restore", "rename", "delete")


def step_outputs(document: Mapping[str, Any], code: int) -> dict[str, str]:
    """Names and values from the JSON document of `plan` or `apply`; what is not known is left out."""
    found = {"exit_code": str(code), "refused": _yes_or_no(_is_refused(document))}
    if "build" in document:
        summary = document["summary"]
        found["changes"] = _yes_or_no(document["build"]["needed"])
        found |= {f"{name}s": str(summary[name]) for name in _COUNTS}
        found |= {name: str(summary[name]) for name in ("unchanged", "replaced", "dropped", "foreign")}
        found |= {"owner": document["owner"], "environment": document["environment"]["name"]}
    result = document.get("result", {})
    values = {"build_sid": "build_sid", "deployment_sid": "deployment_sid", "site_url": "site"}
    found |= {name: result[key] for name, key in values.items() if result.get(key)}
    errors = document.get("errors", [])
    if errors:
        found["errors"] = "\n".join(each["message"] for each in errors)
    return found


def output_lines(values: Mapping[str, str], delimiter: str) -> str:
    """The lines of the outputs file. No value can end its own or begin another one, whatever is in it."""
    return "".join(_assignment(name, value, delimiter) for name, value in values.items())


def _assignment(name: str, value: str, delimiter: str) -> str:
    if len(value.splitlines()) <= 1 and value == value.rstrip("\r\n"):
        return f"{name}={value}\n"
    while delimiter in value:
        delimiter += "_"
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _is_refused(document: Mapping[str, Any]) -> bool:
    return any(each["allowed_by"] is None for each in document.get("safety", []))


def _yes_or_no(value: bool) -> str:  # noqa: FBT001 - a value to be written
    return "true" if value else "false"
