"""What a selected file becomes: its path, visibility and content type, from its name and the manifest alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.local.mediatypes import media_type, with_charset
from assetsync.local.names import base_name, in_file
from assetsync.local.paths import path_problem, url_segment
from assetsync.local.rules import Properties, properties, stricter
from assetsync.local.secrets import secret_name
from assetsync.local.tokens import bears_token, split_token
from assetsync.model import Visibility

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assetsync.errors import Problem
    from assetsync.local.limits import Limits
    from assetsync.local.mapping import Mapping

_NAME_HINT = (
    "Write `.private.` or `.protected.` in lower case, once, directly before the last extension, "
    "or rename the file, or use rules instead of `visibility_from_name`."
)


@dataclass(frozen=True, slots=True)
class Described:
    """A file as it will be served.

    properties: what folder and rules say; token: what the name says, None where it says nothing
    visibility: the stricter of the two, so that a name only ever restricts and a rule never opens what a name closes
    """

    path: str
    visibility: Visibility
    content_type: str
    properties: Properties
    token: Visibility | None

    def secret(self, names: Iterable[str], content: str | None) -> str | None:
        """Why the file looks like a secret that would get out; `content` is what its bytes say.

        `names` are base names: a link is judged by its own and by that of its target.
        """
        if self.visibility is Visibility.PRIVATE or self.properties.allow_secret:
            return None
        for name in names:
            why = secret_name(name)
            if why is not None:
                return why
        return content


class Describer:
    """Describes the files of one mapping; remembers its folders and combinations of rules.

    folder_problems: what is wrong with the names of the folders that were met, each told once
    """

    __slots__ = ("_folders", "_limits", "_mapping", "_properties", "folder_problems")

    def __init__(self, mapping: Mapping, limits: Limits) -> None:
        self._mapping = mapping
        self._limits = limits
        self._folders: dict[str, str | None] = {"": mapping.folder.target}
        self._properties: dict[int, Properties] = {}
        self.folder_problems: list[Problem] = []

    def describe(self, relative: str, rules: int) -> Described | Problem | None:
        """The file at `relative`, or what is wrong with its name; None where only its folders' names are wrong."""
        folder, _, name = relative.rpartition("/")
        source = self._mapping.source_of(relative)
        prefix = self.folder_path(folder)
        split = split_token(name) if self._mapping.folder.visibility_from_name else (name, None)
        if split is None:
            fault = "the name has a visibility token that is not of the form `name.private.ext`"
            return in_file(source, fault, hint=_NAME_HINT, text=name)
        served_name, token = split
        segment = url_segment(served_name, self._mapping.folder.names, source)
        if not isinstance(segment, str):
            return segment
        if prefix is None:
            return None
        path = prefix + segment
        fault_of_path = path_problem(path, source, self._limits.path_bytes)
        if fault_of_path is not None:
            return fault_of_path
        said = self.properties(rules)
        visibility = said.visibility if token is None else stricter(token, said.visibility)
        content_type = with_charset(said.content_type or media_type(served_name), said.charset)
        return Described(path, visibility, content_type, said, token)

    def folder_path(self, relative: str) -> str | None:
        """The URL path of a folder, a `/` at its end; None where its name or one above it is wrong."""
        new = []  # from the folder up to the nearest known one: a chain may be deeper than calls can be
        while relative not in self._folders:
            new.append(relative)
            relative = relative.rpartition("/")[0]
        for folder in reversed(new):
            segment = self._folder_segment(folder)
            prefix = self._folders[folder.rpartition("/")[0]]
            self._folders[folder] = None if segment is None or prefix is None else f"{prefix}{segment}/"
        return self._folders[new[0] if new else relative]

    def properties(self, rules: int) -> Properties:
        """What folder and rules say about a file that just these rules match."""
        said = self._properties.get(rules)
        if said is None:
            said = self._properties[rules] = properties(self._mapping.folder, rules)
        return said

    def _folder_segment(self, relative: str) -> str | None:
        """The folder's own name as it will be served; None where it is wrong."""
        name = base_name(relative)
        source = self._mapping.source_of(relative)
        segment = url_segment(name, self._mapping.folder.names, source)
        if self._mapping.folder.visibility_from_name and bears_token(name):
            fault = "a folder's name has a visibility token, which counts in file names only"
            segment = in_file(source, fault, hint=_NAME_HINT, text=name)
        if isinstance(segment, str):
            return segment
        self.folder_problems.append(segment)
        return None
