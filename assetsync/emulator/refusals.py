"""How the service says no: the error bodies of the API host, of the upload host, and of the proxy before it."""

from __future__ import annotations

from typing import Final

from assetsync.emulator.messages import Answer, Pairs, json_answer

_TOO_LARGE = (
    b"<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n"
    b"<center><h1>413 Request Entity Too Large</h1></center>\r\n</body>\r\n</html>\r\n"
)

TOO_LARGE: Final = Answer(413, _TOO_LARGE, (("Content-Type", "text/html"),))
"""F1.2, F3.3: the answer to a too large upload is not promised to be JSON."""


class Refusal(Exception):
    """A request that is answered with an error: F3.1's body, or F2.3's where the upload host judges a form."""

    def __init__(self, status: int, code: int, message: str, *, upload_host: bool = False, headers: Pairs = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.upload_host = upload_host
        self.headers = headers

    def answer(self) -> Answer:
        if self.upload_host:
            body = {
                "message": self.message,
                "code": self.code,
                "user_error": True,
                "http_status_code": self.status,
                "params": {},
            }
        else:
            body = {
                "code": self.code,
                "message": self.message,
                "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
                "status": self.status,
            }
        return json_answer(self.status, body, self.headers)


def invalid(message: str) -> Refusal:
    """400/20001, the catch-all of validation (F3.5)."""
    return Refusal(400, 20001, message)


def invalid_upload(message: str) -> Refusal:
    return Refusal(400, 20001, message, upload_host=True)


def not_found(path: str) -> Refusal:
    """404/20404 for a percent-encoded request path; the message leaves out the API version (F3.5)."""
    return Refusal(404, 20404, f"The requested resource {path.removeprefix('/v1')} was not found")


def unauthenticated() -> Refusal:
    return Refusal(401, 20003, "Authenticate", headers=(("WWW-Authenticate", 'Basic realm="Twilio API"'),))


def failed(problem: Exception) -> Refusal:
    """500/20500 with the reason, which Twilio would keep to itself: a full disk, a database that is locked."""
    reason = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
    return Refusal(500, 20500, f"The local service failed: {reason}")


def method_not_allowed(allowed: tuple[str, ...]) -> Refusal:
    return Refusal(405, 20004, "Method not allowed", headers=(("Allow", ", ".join(allowed)),))
