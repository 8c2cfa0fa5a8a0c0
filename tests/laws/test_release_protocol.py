"""How several runs find out which of them won, as a small machine of which every state is visited.

Each step is one request, and any order of steps is possible. The machine says what `assetsync/apply/release.py` and
`withdrawal.py` do; what a history means is asked of the code itself. Over sockets the same law is held in
`tests/reliability/test_races.py`, and `docs/decisions/0007-exactly-one-of-several-runs-wins.md` has the proof.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from assetsync.apply.withdrawal import ROUNDS, standing
from assetsync.model import Deployment
from tests.reliability.figures import LONG

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = "base"
OFF = "-"
"""A Deployment without a Build."""
OFF_LINE = ("o", "p", OFF)
"""A history at whose end nothing is live; what was live before must not come back."""
WALKS = 30_000 if LONG else 1000
Log = tuple[str, ...]
"""What was deployed, oldest first; a Deployment's SID is its place in it."""


@dataclass(frozen=True, slots=True)
class Run:
    """One that deploys the Build of its name. `at` is its next request, `code` what it left with.

    own: the place of its Deployment; gone: whether its Build is deleted
    wanted, seen: what it puts back, and how long the log was when it decided that
    """

    name: str
    at: str = "look"
    own: int = 0
    wanted: str = ""
    seen: int = 0
    void: frozenset[str] = frozenset()
    late: frozenset[str] = frozenset()
    gone: bool = False
    rounds: int = 0
    code: int | None = None


@dataclass(frozen=True, slots=True)
class State:
    """`tools` are the Builds that other tools have yet to deploy, without looking at anything.

    The runs planned on what was live at the end of `before`, with which the log begins.
    """

    runs: tuple[Run, ...]
    log: Log = (BASE,)
    before: Log = (BASE,)
    deleted: frozenset[str] = frozenset()
    tools: tuple[str, ...] = ()

    def next(self) -> Iterator[State]:
        for place, run in enumerate(self.runs):
            if run.code is None:
                stepped, log, deleted = step(run, self.log, self.deleted, self.before)
                runs = (*self.runs[:place], stepped, *self.runs[place + 1 :])
                yield replace(self, runs=runs, log=log, deleted=deleted)
        if self.tools:
            yield replace(self, log=(*self.log, self.tools[0]), tools=self.tools[1:])

    @property
    def codes(self) -> list[int]:
        return sorted(run.code for run in self.runs if run.code is not None)

    @property
    def winner(self) -> str | None:
        return next((run.name for run in self.runs if run.code == 0), None)


def step(run: Run, log: Log, deleted: frozenset[str], before: Log) -> tuple[Run, Log, frozenset[str]]:
    match run.at:
        case "look":
            return (replace(run, at="deploy") if log == before else replace(run, code=4)), log, deleted
        case "deploy":
            return replace(run, at="look back", own=len(log)), (*log, run.name), deleted
        case "look back" if run.own == len(before):
            return replace(run, code=0), log, deleted
        case "put back" if run.wanted in deleted:
            return replace(run, at="read", void=run.void | {run.wanted}), log, deleted
        case "put back" if run.wanted == log[-1]:
            return replace(run, at="read"), log, deleted
        case "put back":
            late = run.late if len(log) == run.seen else run.late | {str(len(log))}
            return replace(run, at="delete", late=late), (*log, run.wanted), deleted
        case "delete" if log[-1] == run.name:
            return replace(run, at="read"), log, deleted
        case "delete":
            return replace(run, at="read", gone=True), log, deleted | {run.name}
        case _:
            return decided(run, log, before), log, deleted


def decided(run: Run, log: Log, before: Log) -> Run:
    """What a run that overwrote somebody does next, by the history; where nothing was live, by what came since."""
    places = list(enumerate(log))[len(before) if before[-1] == OFF else 0 :]
    history = [Deployment(str(place), None if build == OFF else build) for place, build in reversed(places)]
    base = None if before[-1] == OFF else before[-1]
    wrong = log[-1] == run.name or history[0].sid in run.late
    wanted = standing(history, base, run.void | {run.name}, run.late) if wrong else log[-1]
    if wanted == log[-1]:
        return replace(run, code=4) if run.gone else replace(run, at="delete")
    assert wanted is not None
    return replace(run, at="put back", wanted=wanted, seen=len(log), rounds=run.rounds + 1)


def ends(runs: str, tools: str = "", before: Log = (BASE,)) -> tuple[int, list[State]]:
    """Visit every state; how many there are, and those in which nothing is left to do."""
    first = State(tuple(Run(name) for name in runs), log=before, before=before, tools=tuple(tools))
    seen, left, found = {first}, [first], []
    while left:
        state = left.pop()
        assert all(run.rounds < ROUNDS for run in state.runs), state
        following = list(state.next())
        if not following:
            found.append(state)
        for each in following:
            if each not in seen:
                seen.add(each)
                left.append(each)
    return len(seen), found


def walk(runs: str, tools: str, rng: random.Random) -> State:
    """One order of many, drawn, after all have looked: each step anybody's, or mostly one's until another is drawn."""
    state = State(tuple(Run(name, at="deploy") for name in runs), tools=tuple(tools))
    evenly, order = rng.random() < 0.5, ""
    while following := {mover(state, each): each for each in state.next()}:
        if evenly or rng.random() < 0.2 or not order:
            order = "".join(rng.sample(runs + "?", len(runs) + 1))
        state = following[min(following, key=order.index)]
        assert all(run.rounds < ROUNDS for run in state.runs), state
    return state


def mover(before: State, after: State) -> str:
    return next((one.name for one, other in zip(before.runs, after.runs, strict=True) if one != other), "?")


@pytest.mark.parametrize(("runs", "most"), [("AB", 50), ("ABC", 10_000)], ids=["two", "three"])
def test_of_several_runs_exactly_one_is_done_and_its_build_is_live_in_the_end(runs: str, most: int) -> None:
    states, found = ends(runs)
    assert len(runs) < states < most
    for end in found:
        assert end.codes == [0] + [4] * (len(runs) - 1), end
        assert end.log[-1] == end.winner, end
        assert set(runs) - {end.winner} >= end.deleted, end


def test_what_another_tool_deploys_while_two_runs_meet_is_live_in_the_end() -> None:
    _, found = ends("AB", "t")
    for end in found:
        assert end.codes in ([0, 4], [4, 4]), end
        assert end.log[-1] == "t", end


@pytest.mark.parametrize("runs", ["AB", "ABC"], ids=["two", "three"])
def test_where_nothing_was_live_exactly_one_is_done_as_well(runs: str) -> None:
    for end in ends(runs, before=OFF_LINE)[1]:
        assert end.codes == [0] + [4] * (len(runs) - 1), end
        assert end.log[-1] == end.winner, end


@pytest.mark.parametrize("tool", ["t", "o"], ids=["a new Build", "a Build that was live once"])
def test_where_nothing_was_live_what_another_tool_deploys_meanwhile_is_live_in_the_end(tool: str) -> None:
    for end in ends("A", tool, OFF_LINE)[1] + ends("AB", tool, OFF_LINE)[1]:
        assert end.log[-1] == tool, end


def test_of_two_deployments_of_other_tools_while_two_runs_meet_the_last_one_is_live_in_the_end() -> None:
    _, found = ends("AB", "tu")
    for end in found:
        assert end.log[-1] == "u", end


@pytest.mark.parametrize("runs", ["ABCD", "ABCDE"])
def test_of_more_runs_exactly_one_is_done_in_each_order_that_is_drawn(runs: str) -> None:
    rng = random.Random(runs)
    for _ in range(WALKS):
        end = walk(runs, "", rng)
        assert end.codes == [0] + [4] * (len(runs) - 1), end
        assert end.log[-1] == end.winner, end


def test_what_another_tool_deploys_while_three_runs_meet_is_live_in_the_end_in_each_order_that_is_drawn() -> None:
    rng = random.Random("t")
    for _ in range(WALKS):
        assert walk("ABC", "t", rng).log[-1] == "t"
