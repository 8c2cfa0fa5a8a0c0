"""The fault file: what it can say, and what is said of a wrong one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from assetsync.emulator.faults.document import MAX_BYTES, parse_faults, read_faults
from assetsync.emulator.faults.keys import FILE_KEYS, RULE_KEYS
from assetsync.emulator.faults.rule import (
    CutConnection,
    Drip,
    Faults,
    HalfPage,
    Malform,
    Match,
    Respond,
    Retype,
    Truncate,
)
from assetsync.emulator.messages import Request
from assetsync.errors import InvalidInput, Problem

DOCUMENT = Path(__file__).parents[2] / "docs" / "faults.md"

WHOLE = """
seed: 7
concurrency: 10
retry_after: 2
rules:
  - match: POST /v1/Services/*/Builds
    at: [2, 4]
    times: 1
    delay: 1.5
    answer: 503
    retry_after: 3
    body: busy
    content_type: text/html
  - {match: ANY /v1/**, chance: 0.25, drop: true, after_work: true}
  - {match: /a, at: 1, drip: 10}
  - {match: /a, truncate: 0}
  - {match: /a, malformed: true}
  - {match: /a, half_page: true}
  - {match: /a, content_type: text/html}
  - {match: /a, delay: 1, after_work: true}
"""


def _problems(text: str | bytes) -> list[tuple[int, int, str, str | None, str | None]]:
    source = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(InvalidInput) as refused:
        parse_faults(source, "f.yaml")
    assert {problem.file for problem in refused.value.problems} == {"f.yaml"}
    return [(each.line, each.column, each.message, each.text, each.hint) for each in refused.value.problems]


def test_every_key_means_something() -> None:
    faults = parse_faults(WHOLE.encode(), "f.yaml")
    assert (faults.seed, faults.concurrency, faults.retry_after) == (7, 10, 2)
    first = faults.rules[0]
    assert (first.match.method, first.at, first.times, first.delay) == ("POST", frozenset({2, 4}), 1, 1.5)
    assert [rule.effect for rule in faults.rules] == [
        Respond(503, 3, "busy", "text/html"),
        CutConnection(),
        Drip(10),
        Truncate(0),
        Malform(),
        HalfPage(),
        Retype("text/html"),
        None,
    ]
    assert (faults.rules[1].match.method, faults.rules[1].chance, faults.rules[1].after_work) == (None, 0.25, True)
    assert faults.rules[2].at == frozenset({1})


def test_json_with_tabs_says_the_same() -> None:
    value = yaml.safe_load(WHOLE)
    assert parse_faults(json.dumps(value, indent="\t").encode(), "f.json") == parse_faults(WHOLE.encode(), "f.yaml")


@pytest.mark.parametrize("text", ["", "# nothing\n", "rules: []", "\ufeffrules: []"])
def test_nothing_is_no_faults(text: str) -> None:
    assert parse_faults(text.encode(), "f.yaml") == Faults()


def test_every_problem_is_told_at_once_with_its_place() -> None:
    text = "rules:\n  - match: post /x\n    anser: 3\n  - foo\n  - {match: /x, at: 0, drop: false}\nseed: a\n"
    assert [(line, column, message.partition(",")[0]) for line, column, message, _, _ in _problems(text)] == [
        (2, 12, "`match` must be a method and a path"),
        (3, 5, "there is no key `anser` in a rule"),
        (4, 5, "a rule must be a mapping of keys to values"),
        (5, 21, "`at` must be the number of a call"),
        (5, 30, "`drop` must be `true` or left out"),
        (6, 7, "`seed` must be a whole number"),
    ]


@pytest.mark.parametrize(
    ("text", "place", "message", "shown", "hint"),
    [
        ("- x", (1, 1), "the file must be a mapping of keys to values", "a list", "begin with `rules:`"),
        ("rule: []", (1, 1), "there is no key `rule` in the file", None, "did you mean `rules`?"),
        ("zzz: 1", (1, 1), "there is no key `zzz` in the file", None, "the keys are `seed`"),
        ("? [a]\n: b", (1, 3), "there is no key `a list` in the file", None, "the keys are `seed`"),
        ("seed: 1\nseed: 2", (2, 1), "the key `seed` is there twice", None, "leave one of them out"),
        ("seed: true", (1, 7), "`seed` must be a whole number", "true", None),
        ("concurrency: 0", (1, 14), "`concurrency` must be a whole number, 1 or more", "0", None),
        ("rules: {a: b}", (1, 8), "`rules` must be a list of rules", "a mapping", None),
        ("rules:\n  - drop: true", (2, 5), "the rule lacks the key `match`", None, "write, for example: match:"),
        ("rules:\n  - match: /x", (2, 5), "the rule does nothing", None, "add one of `answer`"),
        ("rules:\n  - {match: /x, answer: 99}", (2, 25), "`answer` must be an HTTP status from 200 to 599", "99", None),
        ("rules:\n  - {match: /x, delay: 0}", (2, 24), "`delay` must be seconds, at most 3600", "0", None),
        ("rules:\n  - {match: /x, chance: 2, drop: true}", (2, 25), "`chance` must be a number above 0", "2", None),
        ("rules:\n  - {match: x, drop: true}", (2, 13), "`match` must be a method and a path", "x", None),
        ("rules:\n  - {match: [x], drop: true}", (2, 13), "`match` must be a method and a path", "a list", None),
        ("rules:\n  - {match: /x, content_type: x}", (2, 31), "`content_type` must be a media type", "x", None),
        ("rules:\n  - {match: /x, at: [], drop: true}", (2, 21), "`at` must be the number of a call", "a list", None),
        (
            "rules:\n  - {match: /x, drop: true, drip: 1}",
            (2, 5),
            "`drop` and `drip` cannot go together",
            None,
            "write a rule for each",
        ),
        (
            "rules:\n  - {match: /x, drop: true, at: 1, chance: 0.1}",
            (2, 5),
            "`at` and `chance` cannot go together",
            None,
            "write a rule for each",
        ),
        (
            "rules:\n  - {match: /x, drop: true, body: x}",
            (2, 5),
            "`body` needs `answer`",
            None,
            "write, for example: answer: 503, beside body",
        ),
        (
            "rules:\n  - {match: /x, drip: 1, after_work: true}",
            (2, 5),
            "`after_work` means nothing with `drip`",
            None,
            "leave it out",
        ),
        ("rules:\n - match: * /x", (2, 12), "this is not YAML: ", None, "put a value that begins with a sign"),
        ("a: [", (1, 5), "this is not YAML: ", None, "put a value"),
        ("--- a\n--- b", (2, 1), "this is not YAML: expected a single document", None, "put a value"),
        ("seed: 1\nx: \x00", (2, 1), "U+0000 is not allowed in YAML", None, None),
        ("seed: 2001-13-45", (1, 1), "this cannot be read: month must be in 1..12", None, None),
        ("rules: [{match: /x, after_work: !!bool abc}]", (1, 1), "this cannot be read: ", None, None),
        ("rules: [{match: /x, delay: !!int ''}]", (1, 1), "this cannot be read: ", None, None),
        ("seed: !!timestamp abc", (1, 1), "this cannot be read: ", None, None),
        (
            "rules: [{match: /x, answer: 204, body: x}]",
            (1, 9),
            "an answer with this status has no `body`",
            None,
            "leave it out",
        ),
        ('rules: [{match: /x, answer: 200, body: "\\ud800"}]', (1, 40), "`body` must be text", "\ud800", None),
        ("[" * 3000, (1, 1), "this cannot be read: maximum recursion depth exceeded", None, None),
    ],
)
def test_a_wrong_file_is_told_what_is_right(
    text: str, place: tuple[int, int], message: str, shown: str | None, hint: str | None
) -> None:
    line, column, said, offending, way_out = _problems(text)[0]
    assert (line, column) == place
    assert said.startswith(message)
    assert offending == shown
    assert (way_out or "").startswith(hint or "")


def test_what_is_no_text_is_refused() -> None:
    assert _problems(b"seed: 1\n\xff")[0][:3] == (2, 1, "this is not UTF-8")
    assert _problems(b"#" * (MAX_BYTES + 1))[0][2] == "the file is larger than 256 KiB"


def test_long_values_are_shown_cut() -> None:
    assert _problems("seed: " + "x" * 500)[0][3] == "x" * 60 + "..."


def test_a_file_is_read_from_the_disk(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(WHOLE)
    assert read_faults(file) == parse_faults(WHOLE.encode(), "f.yaml")
    with pytest.raises(InvalidInput) as refused:
        read_faults(tmp_path / "none.yaml")
    assert refused.value.problems[0].message == "cannot be read: No such file or directory"


@given(st.text(max_size=200))
def test_any_text_is_faults_or_problems(text: str) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        parse_faults(text.encode(errors="replace"), "f.yaml")
    except InvalidInput as refused:
        problems = refused.problems
    assert all(problem.line >= 1 for problem in problems)


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("/v1/Services", ["/v1/Services"], ["/v1/Services/", "/v1/ServicesX", "/x/v1/Services"]),
        ("/v1/Services/*/Builds", ["/v1/Services/ZS1/Builds"], ["/v1/Services/a/b/Builds", "/v1/Services/Builds"]),
        ("/v1/**", ["/v1/", "/v1/a/b"], ["/v1", "/v2/a"]),
        ("/**/Versions", ["/v1/a/Versions", "//Versions"], ["/v1/Versions/a"]),
        ("/sites/*/a.b", ["/sites/x/a.b"], ["/sites/x/aXb"]),
    ],
)
def test_a_pattern_fits_whole_paths(pattern: str, fits: list[str], fits_not: list[str]) -> None:
    match = Match.of(None, pattern)
    assert all(match.fits(Request("GET", path)) for path in fits)
    assert not any(match.fits(Request("GET", path)) for path in fits_not)
    assert not Match.of("POST", pattern).fits(Request("GET", fits[0]))


def test_the_documents_examples_are_right_and_name_every_key() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 3
    for block in blocks:
        assert parse_faults(block.encode(), "docs/faults.md") != Faults()
    rows = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert rows == set(FILE_KEYS) | set(RULE_KEYS)
