"""What `adopt` and `adopt --undo` share: ask, write friendly names, tell those that were not written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.errors import FileFailure, FilesFailed, Interrupted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assetsync.cli.run import Run
    from assetsync.cli.session import Session
    from assetsync.served.adopt import Renamed, Renaming


@dataclass(frozen=True, slots=True)
class Names:
    """How names are written: asks first or does not, writes or only shows."""

    run: Run
    concurrency: int
    asks: bool
    writes: bool

    def agreed(self, question: str) -> bool:
        """Whether to go on. Raises Interrupted for a no."""
        from assetsync.cli.question import agrees

        if self.writes and self.asks and not agrees(self.run.output, question):
            raise Interrupted("nothing was written")
        return self.writes

    def write(self, session: Session, service_sid: str, wanted: Sequence[Renaming]) -> Renamed:
        """Under signals; what became of it is in the document."""
        from assetsync.apply.once import Pace
        from assetsync.cli.signals import draining
        from assetsync.served.adopt import rename_all

        run = self.run
        with run.progress(), draining(session.cancelled, run.output.fail) as ending:
            done = rename_all(
                session.client,
                service_sid,
                wanted,
                concurrency=self.concurrency,
                stop=ending.stop,
                emit=run.emit,
                pace=Pace(session.clock, session.cancelled),
            )
        run.output.document["result"] = {"renamed": done.done, "refused": [each.sentence for each in done.refused]}
        return done


def check_names(done: Renamed) -> None:
    """Raises FilesFailed where a name is not what it should be."""
    if done.refused:
        failures = tuple(FileFailure(each.path, each.path, each.why) for each in done.refused)
        names = "1 name was not written" if len(failures) == 1 else f"{len(failures)} names were not written"
        raise FilesFailed(names, failures, hint="run again: what is done is not done twice")
