"""What happens in a run, as the documents of `--events`; `schema/events.schema.json` describes them."""

from __future__ import annotations

import threading
from typing import Any, assert_never

from assetsync.events import (
    BuildPolled,
    BuildStarted,
    BytesSent,
    Deployed,
    Event,
    Fetched,
    NamesWritten,
    Note,
    RequestRetried,
    Scanned,
    UploadDone,
    UploadFailed,
    UploadsStarted,
)

FORMAT_VERSION = 1

Document = dict[str, Any]


class Retelling:
    """Events as documents. What comes too often is told once: a status when it changes, a count when it is full.

    Called from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._statuses: dict[str, str] = {}

    def __call__(self, event: Event) -> Document | None:
        """None for what is not worth a line."""
        match event:
            case BytesSent():
                return None
            case BuildPolled():
                return _build_status(event) if self._is_new(event) else None
            case NamesWritten() | Fetched():
                return _counted(event) if event.done == event.total else None
            case _:
                return _document(event)

    def _is_new(self, event: BuildPolled) -> bool:
        with self._lock:
            before, self._statuses[event.build_sid] = self._statuses.get(event.build_sid), event.status
        return before != event.status


def _document(
    event: RequestRetried | Scanned | UploadsStarted | UploadDone | UploadFailed | BuildStarted | Deployed | Note,
) -> Document:
    match event:
        case RequestRetried():
            again = {"attempt": event.attempt, "delay": round(event.delay, 3)}
            return {"event": "retry", "operation": event.operation, "reason": event.reason, **again}
        case Scanned():
            return {"event": "scanned", "files": event.files, "bytes": event.size}
        case UploadsStarted():
            return {"event": "uploads_started", "files": event.files, "bytes": event.size}
        case UploadDone():
            return {"event": "uploaded", "path": event.path, "bytes": event.size}
        case UploadFailed():
            return {"event": "upload_failed", "path": event.path, "message": event.message}
        case BuildStarted():
            held = {"assets": event.assets, "functions": event.functions}
            return {"event": "build_started", "build_sid": event.build_sid, **held}
        case Deployed():
            sids = {"deployment_sid": event.deployment_sid, "build_sid": event.build_sid}
            return {"event": "deployed", **sids, "domain": event.domain}
        case Note():
            return {"event": "note", "message": event.message}
        case _:
            assert_never(event)


def _build_status(event: BuildPolled) -> Document:
    status = {"status": event.status, "seconds": round(event.seconds, 3)}
    return {"event": "build_status", "build_sid": event.build_sid, **status}


def _counted(event: NamesWritten | Fetched) -> Document:
    return {"event": "names_written" if isinstance(event, NamesWritten) else "fetched", "count": event.total}
