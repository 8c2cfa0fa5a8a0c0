"""`assetsync adopt --undo FILE`: adopted Assets get their old names back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from assetsync.cli.writing_names import check_names
from assetsync.errors import UsageError
from assetsync.report.line import Line, Style
from assetsync.report.units import plural
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from assetsync.cli.session import Session
    from assetsync.cli.writing_names import Names
    from assetsync.served.undo import Undo


def give_back(undo: Undo, service: str, session: Session, names: Names) -> None:
    """Show, ask, write. Raises UsageError where the file is about another Service, FilesFailed."""
    from assetsync.twilio.survey import check_service

    found = session.client.fetch_service(service)
    check_service(service, found)
    if found.sid != undo.service_sid:
        raise UsageError(
            f"the file is about the Service {undo.service_sid}, and {service} is {found.sid}",
            hint="use the manifest and the account of that time",
        )
    output = names.run.output
    output.document |= {"assets": [asdict(each) for each in undo.assets], "errors": []}
    output.result(Line(f"  {printable(each.path)}  called {printable(each.name)!r} again") for each in undo.assets)
    if names.agreed(f"Give {plural(len(undo.assets), 'asset')} the old names back?"):
        done = names.write(session, undo.service_sid, tuple(undo.renamings()))
        output.result([Line(f"{plural(done.done, 'asset')} called as before.", Style.GOOD)])
        check_names(done)
