"""OpenAPI links, which the description has none of: from what was listed, made or deleted to all that can follow."""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

_METHODS: Final = ("get", "post", "delete")


def add_links(paths: Json) -> None:
    every = [
        (path, method, operations[method])
        for path, operations in paths.items()
        for method in _METHODS
        if method in operations
    ]
    for path, method, operation in every:
        if path.endswith("}") and method != "delete":
            continue  # what is fetched or updated was listed or made before: nothing begins with it
        if operation["operationId"] == "CreateDeployment":
            continue  # refused the second time (F3.6): what began with it could not be repeated
        (answer,) = (answer for status, answer in operation["responses"].items() if status.startswith("2"))
        links = answer["links"] = {}
        places = _places(path, method, answer)
        for target, _, other in every:
            parameters = _parameters(places, target)
            if parameters is not None and other is not operation:
                links[other["operationId"]] = {"operationId": other["operationId"], "parameters": parameters}


def _places(path: str, method: str, answer: Json) -> list[str]:
    """The segments of what the request was about, or of the item that a collection answers with."""
    places = [f"$request.path.{segment[1:-1]}" if segment.startswith("{") else segment for segment in path.split("/")]
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    if method == "post" and not path.endswith("}"):
        places.append("$response.body#/sid")
    elif "properties" in schema:
        places.append(f"$response.body#/{next(iter(schema['properties']))}/0/sid")
    return places


def _parameters(places: list[str], target: str) -> Json | None:
    """The target's parameters; None where it lies elsewhere, or needs more of them."""
    segments = target.split("/")
    if len(segments) < len(places) or any(segment.startswith("{") for segment in segments[len(places) :]):
        return None
    pairs = list(zip(segments, places, strict=False))
    if any(segment != place for segment, place in pairs if "{" not in segment or "$" not in place):
        return None
    return {segment[1:-1]: place for segment, place in pairs if "{" in segment}
