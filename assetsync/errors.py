"""Every error that a user can see, in one tree; each class bears the exit code of its kind.

    AssetsyncError                      1
    +-- UsageError                     64   the command line is wrong
    |   +-- NoManifest                 64   there is no manifest here or above
    +-- InvalidInput                   78   the manifest or the tree is wrong; every Problem at once
    +-- CredentialsError               77   credentials are missing, malformed or refused
    +-- ServiceError                    1   Twilio's side of the wire
    |   +-- ApiError                    1   an answer that says no: status, code, request id
    |   |   +-- NotFound                1   404
    |   |   +-- RateLimited             1   429, after every retry
    |   |   +-- ServerFailure           1   5xx, after every retry
    |   +-- ConnectionFailed            1   no answer: DNS, TLS, reset, stall
    |   +-- MalformedAnswer             1   an answer that is not what the API promises
    |   +-- OutcomeUnknown              1   a write was sent and no look could tell whether it happened
    |   +-- BuildFailed                 1   the Build ended in `failed`, or never ended
    +-- FileChanged                     1   a file is no longer what the plan saw
    +-- FilesFailed                     1
    |   +-- ApplyFailed                 1   some files were not uploaded; what is live is untouched
    |   +-- ServedDifferently           1   what is served is not what the folders hold
    +-- Refused                         3   a safety guard; nothing was written
    +-- Conflict                        4   the world moved since the plan, or another deployment crossed ours
    +-- Interrupted               130/143   SIGINT or SIGTERM

Third-party exceptions are translated at one seam each (`twilio/transport.py` for httpx, `manifest/document.py`
for PyYAML). A traceback on a user's screen is a bug.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class AssetsyncError(Exception):
    """One sentence for the user, and what to do about it.

    `message` says what is wrong and names the file or resource; `hint` says the way out.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(AssetsyncError):
    """What was asked for cannot be: an option, a name, a variable."""

    exit_code = 64


class NoManifest(UsageError):
    """There is none here or above."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in the user's files.

    `file` is shown as given; `line` and `column` count from 1 and are 0 where there is none.
    `text` is the offending text, `hint` what would be right.
    """

    file: str
    line: int
    column: int
    message: str
    text: str | None = None
    hint: str | None = None


class InvalidInput(AssetsyncError):
    """The manifest or the tree is invalid: every problem that was found, sorted by place."""

    exit_code = 78

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = tuple(sorted(set(problems), key=_place))
        count = len(self.problems)
        super().__init__(f"{count} problem{'' if count == 1 else 's'} in the manifest or the files")


def _place(problem: Problem) -> tuple[str, int, int, str]:
    return (problem.file, problem.line, problem.column, problem.message)


class CredentialsError(AssetsyncError):
    """They are missing, or Twilio refuses them (F3.5)."""

    exit_code = 77


class ServiceError(AssetsyncError):
    """Something on Twilio's side of the wire."""


class ApiError(ServiceError):
    """The API answered with an error.

    `status` is the HTTP status, `code` Twilio's own number (20404, ...) where the body had one,
    `request_id` the `Twilio-Request-Id` header, `operation` a phrase such as `create Build`.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: int | None = None,
        request_id: str | None = None,
        operation: str = "",
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.operation = operation


class NotFound(ApiError):
    """404."""


class RateLimited(ApiError):
    """429, and it stayed so (F3.7)."""


class ServerFailure(ApiError):
    """5xx, and it stayed so."""


class ConnectionFailed(ServiceError):
    """No usable answer came. `sent` tells whether the request may have reached the service."""

    def __init__(self, message: str, *, sent: bool = True, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.sent = sent


class MalformedAnswer(ServiceError):
    """An answer that is not what was asked for."""


class OutcomeUnknown(ServiceError):
    """The answer to a write was lost, and no look told whether it was done (F3.10)."""


class BuildFailed(ServiceError):
    """Twilio could not build it, or took too long; what is live is as it was."""


class FileChanged(AssetsyncError):
    """A file is not any more what it was when it was looked at."""


@dataclass(frozen=True, slots=True)
class FileFailure:
    """One file that was not uploaded.

    source: the file; message, hint: why, and the way out where there is one
    request_id: Twilio's, where it answered
    changed: whether the file is not what the plan saw, or never was
    refused: whether the service will not have it, however often it is asked
    """

    path: str
    source: str
    message: str
    request_id: str | None = None
    hint: str | None = None
    changed: bool = False
    refused: bool = False


class FilesFailed(AssetsyncError):
    """Some files, each with what is wrong with it."""

    def __init__(self, message: str, failures: tuple[FileFailure, ...], *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.failures = failures


class ApplyFailed(FilesFailed):
    """Some files were not uploaded; what is live is as it was. What was uploaded is remembered."""

    def __init__(self, failures: tuple[FileFailure, ...], *, hint: str | None = None) -> None:
        count = len(failures)
        message = f"{count} file{' was' if count == 1 else 's were'} not uploaded; what is live is as it was"
        super().__init__(message, failures, hint=hint)


class ServedDifferently(FilesFailed):
    """Some paths are not served as the folders hold them. `Finding` in `served/verify.py` says what is told."""

    def __init__(self, failures: tuple[FileFailure, ...], checked: int) -> None:
        paths = "1 path is" if len(failures) == 1 else f"{len(failures)} paths are"
        super().__init__(
            f"{paths} not served as the folders hold them, of {checked} that were looked at",
            failures,
            hint="`assetsync plan` shows what it would change; a Deployment takes some seconds to be served: --wait 30",
        )


class Refused(AssetsyncError):
    """A guard refuses a plan, and no consent covers it; nothing was written."""

    exit_code = 3


class Conflict(AssetsyncError):
    """Something changed since the plan, or somebody else's Deployment crossed ours: theirs is live."""

    exit_code = 4


class Busy(Conflict):
    """Another run on this machine is applying to the same Service."""


class Interrupted(AssetsyncError):
    """It was asked to end, and did so in order."""

    exit_code = 130


class Terminated(Interrupted):
    """The same, by SIGTERM."""

    exit_code = 143
