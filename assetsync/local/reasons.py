"""What decided, in words for people: patterns, rules, folder mappings, names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.local.mediatypes import UNKNOWN, media_type
from assetsync.local.trace import Kind, Trace

if TYPE_CHECKING:
    from assetsync.local.describe import Described
    from assetsync.local.rules import Properties
    from assetsync.manifest.model import Manifest


def selection_reasons(manifest: Manifest, index: int, traced: Trace) -> tuple[str, ...]:
    """The patterns that decided about the entry where a trace ended; the exclusion alone where there is one."""
    judgement = traced.judgement
    if judgement is None:
        return (f"source of {_place(manifest, index, 'source', 'folder mapping')}",)
    brought_back = () if judgement.exclude is None else (judgement.exclude.origin,)
    if judgement.excluded:
        return brought_back
    if traced.kind is Kind.FOLDER:
        return brought_back or ("nothing excludes it",)
    include = "no include pattern matches" if judgement.include is None else judgement.include.origin
    return (include, *brought_back)


def visibility_reason(manifest: Manifest, index: int, described: Described) -> str:
    if described.token is not None and described.token is described.visibility:
        return f'name ".{described.token}."'
    return folder_visibility_reason(manifest, index, described.properties)


def folder_visibility_reason(manifest: Manifest, index: int, said: Properties) -> str:
    return _rule_or_folder(manifest, index, said.visibility_rule, "visibility")


def content_type_reason(manifest: Manifest, index: int, described: Described, name: str) -> str:
    """`name` is the file's own; a charset is mentioned where one was added."""
    said = described.properties
    if said.content_type_rule is not None:
        because = _rule_or_folder(manifest, index, said.content_type_rule, "content_type")
    elif media_type(name) == UNKNOWN:
        because = "no known extension"
    else:
        _, dot, extension = name.rpartition(".")
        because = f'extension "{dot}{extension}"' if dot else f'name "{name}"'
    if said.charset is None or described.content_type == (said.content_type or media_type(name)):
        return because
    return f"{because}, charset by {_rule_or_folder(manifest, index, said.charset_rule, 'charset')}"


def _rule_or_folder(manifest: Manifest, index: int, rule: int | None, key: str) -> str:
    if rule is None:
        return _place(manifest, index, key, "folder mapping")
    return _place(manifest, index, f"rules/{rule}", f"rule {rule + 1}")


def _place(manifest: Manifest, index: int, below: str, what: str) -> str:
    mark = manifest.mark(f"/folders/{index}/{below}")
    return f"{what} ({manifest.path}:{mark.line}:{mark.column})"
