"""`/_emulator`: pages that are not Twilio's. Neither logged nor bent by faults, and they tell no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from assetsync.emulator.authentication import is_known
from assetsync.emulator.faults.document import parse_faults
from assetsync.emulator.live.control import control
from assetsync.emulator.messages import NO_CONTENT, json_answer
from assetsync.emulator.refusals import Refusal, invalid, method_not_allowed, not_found, unauthenticated
from assetsync.errors import InvalidInput

if TYPE_CHECKING:
    from assetsync.emulator.core import Core
    from assetsync.emulator.messages import Answer, Request

ROOT: Final = "/_emulator"
_LIVE: Final = f"{ROOT}/live/"


def is_own(path: str) -> bool:
    return f"{path}/".startswith(f"{ROOT}/")


def own_page(core: Core, request: Request) -> Answer:
    """Whatever a request to a path that `is_own` is answered with."""
    try:
        match request.method, request.path:
            case "GET", "/_emulator":
                return json_answer(200, {"account_sid": core.account.sid, "requests": core.requests.count})
            case "GET", "/_emulator/requests":
                return json_answer(200, core.requests.as_json())
            case "DELETE", "/_emulator/requests":
                core.requests.clear()
                return NO_CONTENT
            case method, "/_emulator/faults":
                return _faults(core, request, method)
            case _, path if path.startswith(_LIVE):
                core.check_credentials(request.headers)
                return control(core.live, request, path.removeprefix(_LIVE))
            case _:
                return not_found(request.path).answer()
    except Refusal as refusal:
        return refusal.answer()


def _faults(core: Core, request: Request, method: str) -> Answer:
    """PUT takes the text of a fault file. All of it needs the account's credentials: it changes what others see."""
    if method not in {"GET", "PUT", "DELETE"}:
        raise method_not_allowed(("GET", "PUT", "DELETE"))
    if not is_known(request.headers.get("authorization", ""), core.account, core.settings.api_keys):
        raise unauthenticated()
    if method == "DELETE":
        core.bend(None)
        return NO_CONTENT
    if method == "PUT":
        if request.body.problem is not None:
            raise invalid(request.body.problem)
        try:
            core.bend(parse_faults(request.body.raw, "faults"))
        except InvalidInput as error:
            return _problems(error)
    return json_answer(200, core.faults_as_json())


def _problems(error: InvalidInput) -> Answer:
    problems = [
        {"line": each.line, "column": each.column, "message": each.message, "text": each.text, "hint": each.hint}
        for each in error.problems
    ]
    message = f"The faults have {len(problems)} problem{'' if len(problems) == 1 else 's'}; those before stay in force"
    return json_answer(400, {"code": 20001, "message": message, "status": 400, "problems": problems})
