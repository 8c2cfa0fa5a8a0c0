"""`assetsync explain PATH`: what becomes of a file, and what decided it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assetsync.cli.options import manifest_options, voice_options
from assetsync.cli.run import command_run
from assetsync.local.trace import Kind
from assetsync.report.failures import problem_lines
from assetsync.report.line import Line, Style
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assetsync.local.explain import Answer, Coverage, Explanation


@click.command(
    "explain",
    short_help="Say what becomes of a file, and which rule decided it.",
    help=(
        "Say for each PATH (a file, a folder, or one that does not exist yet) whether it is served, under which URL "
        "path, with which visibility and content type, and which pattern, rule or default decided each. Made by the "
        "same code as the plan. No request is made."
    ),
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@manifest_options
@voice_options
def command(
    *,
    paths: tuple[Path, ...],
    manifest: Path | None,
    environment: str | None,
    create_environment: bool,
    suffix: str | None,
    **voice: Any,
) -> int:
    """Explain each."""
    import os

    from assetsync.cli.session import manifest_path
    from assetsync.local.explain import explain
    from assetsync.manifest.load import load_manifest

    with command_run(**voice) as run:
        loaded = load_manifest(
            manifest_path(manifest),
            environment=environment,
            variables=os.environ,
            create_environment=create_environment,
            suffix=suffix,
        )
        found = [explain(loaded, path) for path in paths]
        run.output.document |= {
            "explanations": [asdict(each) | {"served": each.served} for each in found],
            "errors": [],
        }
        for each in found:
            run.output.result(_lines(each))
        run.output.close()
    return 0


def _lines(explanation: Explanation) -> Iterator[Line]:
    exists = explanation.kind is not Kind.MISSING
    verdict = "is served" if exists else "would be served (there is no such file)"
    if not explanation.served:
        verdict = "is not served"
    style = Style.GOOD if explanation.served else Style.WARNING
    yield Line(f"{printable(explanation.path)} {verdict}", style)
    if not explanation.coverages:
        yield Line("  no folder of the manifest covers it")
    for coverage in explanation.coverages:
        yield from _coverage(coverage)


def _coverage(coverage: Coverage) -> Iterator[Line]:
    yield Line(f"  folder {printable(coverage.source)} -> {coverage.target}", Style.DIM)
    verdict = "served" if coverage.served else "selected" if coverage.problems else "left out"
    for reason in coverage.decided_by:
        yield Line(f"    {verdict}: {printable(reason)}")
    for path in coverage.paths:
        yield Line(f"    path: {printable(path)}")
    for what, answer in (("visibility", coverage.visibility), ("content type", coverage.content_type)):
        if answer is not None:
            yield _answer(what, answer)
    if coverage.secret:
        yield Line(f"    looks like a secret: {printable(coverage.secret)}", Style.WARNING)
    for problem in coverage.problems:
        yield from problem_lines(problem)


def _answer(what: str, answer: Answer) -> Line:
    return Line(f"    {what}: {answer.value}, by {printable(answer.because)}")
