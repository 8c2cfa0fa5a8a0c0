"""The reader of `test_pages.py` notices what a page says wrongly, and no page hides a command from it."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

from tests.cli.stage import REPOSITORY
from tests.docs.pages import Command, Elsewhere, File, Later, Script, steps
from tests.docs.session import agree

PAGES = (REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md")))
PAGE = """
<!-- file: a.txt -->
```text
content
```

<!-- given: echo hidden -->

```sh
echo typed
```

<!-- later: 3 -->

<!-- meanwhile "ready": touch b -->
```console
$ serve \\
> --now
ready
^C
$ echo $?
130
```

<!-- elsewhere: it takes an hour -->
```sh
sleep 3600
```

```yaml
not: run
```
"""


def test_a_page_is_read_in_order() -> None:
    file, given, script, later, serve, code, elsewhere = steps(PAGE)

    assert isinstance(file, File)
    assert (file.name, file.text) == ("a.txt", "content\n")
    assert isinstance(given, Script)
    assert given.text == "echo hidden"
    assert isinstance(script, Script)
    assert script.text == "echo typed\n"
    assert later == Later(13, 3)
    assert isinstance(serve, Command)
    assert (serve.text, serve.output, serve.is_interrupted) == ("serve \\\n--now", "ready\n^C", True)
    assert serve.meanwhile is not None
    assert (serve.meanwhile.cue, serve.meanwhile.script) == ("ready", "touch b")
    assert isinstance(code, Command)
    assert (code.text, code.output, code.is_interrupted) == ("echo $?", "130", False)
    assert elsewhere == Elsewhere(26, "it takes an hour")


@pytest.mark.parametrize(
    "page",
    ["<!-- file: a -->\n\nProse.\n", "<!-- file: a -->\n\n<!-- elsewhere: b -->\n", "```console\nno command\n```"],
)
def test_a_comment_about_nothing_and_a_transcript_of_nothing_are_refused(page: str) -> None:
    with pytest.raises(ValueError, match=r"line \d"):
        steps(page)


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        ("Build ZB" + "0" * 32, "Build ZB" + "f" * 32),
        ("https://my-site-1234-stg.twil.io/a", "http://my-site-9876-stg.localhost:34567/a"),
        ("25 requests, 0.4 s.", "24 requests, 1.2 s."),
        ("17:08:55  ~ /a", "09:00:01  ~ /a"),
        ("first\n...\nlast", "first\nin between\nlast"),
        ("first: ...\nlast", "first: whatever\nlast"),
        ("live 09:01\nfile.yaml:13:15", "live 17:59\nfile.yaml:13:15"),
        ("done", "uploaded 3 of 9 files, 1 B of 2 B\ndone"),
    ],
)
def test_what_no_two_runs_have_in_common_is_no_difference(wanted: str, got: str) -> None:
    assert agree(wanted, got)


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        ("Plan: 1 to upload.", "Plan: 2 to upload."),
        ("https://my-site-1234.twil.io/a", "https://my-site-1234.twil.io/b"),
        ("https://my-site-1234.twil.io/a", "https://my-site-1234-stg.twil.io/a"),
        ("100 B to send", "101 B to send"),
        ("about 20 requests.", "about 21 requests."),
        ("account AC1234...5678\n\ncreate: 1", "account AC1234...5678 SOMETHING ELSE\nWarning: bad\n\ncreate: 1"),
        (f"Build ZB{'0' * 32}\nDeployed.", f"Build ZB{'1' * 32}, failed\nError: no\nDeployed."),
        (f"  - Build ZB{'0' * 32}\nDeleted.", f"  - Build ZB{'1' * 32}\n  - Build ZB{'2' * 32}\nDeleted."),
        (f"now: ZB{'0' * 32}\nwanted: ZB{'1' * 32}", f"now: ZB{'0' * 32}\nwanted: ZB{'0' * 32}"),
        ("file.yaml:13:15", "file.yaml:99:77"),
        ("first: ...\nlast", "first: whatever\nsecond\nlast"),
        ("so on ... and on", "so on and so forth and on"),
        ("True", "1"),
        ("", "Warning: something"),
        ("first\nlast", "first"),
    ],
)
def test_every_other_difference_is_one(wanted: str, got: str) -> None:
    assert not agree(wanted, got)


def test_what_is_not_run_here_is_known() -> None:
    """Whoever adds to this list says so in a review."""
    read = [(page.name, step) for page in PAGES for step in steps(page.read_text())]
    assert [(page, step.why) for page, step in read if isinstance(step, Elsewhere)] == [
        ("README.md", "main"),
        ("README.md", "tests"),
        ("README.md", ".ci/run installs it so; the credentials are yours"),
        ("performance.md", "half an hour"),
        ("tutorial.md", ".ci/run installs it so"),
        ("tutorial.md", "the credentials are yours"),
    ]


def test_no_command_stands_in_a_block_that_is_not_read() -> None:
    for page in PAGES:
        for token in MarkdownIt("commonmark").parse(page.read_text()):
            if token.type == "code_block" or (token.type == "fence" and token.info in {"", "text"}):
                found = re.search(r"^(\$ )?(assetsync|python3?|curl|pip) ", token.content, re.MULTILINE)
                assert found is None, (page, token.content)
