"""Wrong manifests, each with the place, the words and the way out that a user gets."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from assetsync.errors import InvalidInput
from assetsync.manifest.document import MAX_ALIASED, MAX_PROBLEMS, MAX_VALUES, read_document
from tests.unit.manifest.manifests import MINIMAL, changed, parsed, problems


class Wrong(NamedTuple):
    text: str | bytes
    line: int
    column: int
    message: str
    hint: str = ""


def excluding(item: str) -> str:
    return f"{MINIMAL}    exclude:\n      - ok\n      - {item}\n"


def with_rule(*lines: str) -> str:
    return MINIMAL + "    rules:\n      - " + "\n        ".join(lines) + "\n"


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n" for before, name in zip("abcd", "bcde", strict=True)
)

UNQUOTED = {
    "an alias": Wrong(excluding("*.map"), 12, 9, "YAML reads `*.map` as an alias", 'quote it: "*.map"'),
    "an alias of stars": Wrong(excluding("**/*.map # all"), 12, 9, "`**/*.map` as an alias", '"**/*.map"'),
    "an unknown alias": Wrong(excluding("*keep"), 12, 9, "`*keep` as an alias", '"*keep"'),
    "an alias in a value": Wrong(with_rule("match: *.wasm"), 11, 16, "`*.wasm` as an alias", '"*.wasm"'),
    "an alias in brackets": Wrong(MINIMAL + "    exclude: [ok, *.map, b]\n", 10, 19, "`*.map` as", '"*.map"'),
    "an alias in open brackets": Wrong(MINIMAL + "    exclude: [\n      *.map,\n      b]\n", 11, 7, "`*.map` as"),
    "a tag": Wrong(excluding("!keep"), 12, 9, "YAML reads `!keep` as a tag", 'quote it: "!keep"'),
    "a tag with a comment": Wrong(excluding("!keep # this"), 12, 9, "`!keep` as a tag", '"!keep"'),
    "a tag with a blank": Wrong(excluding("!keep this"), 12, 9, "`!keep this` as a tag", '"!keep this"'),
    "a tag with braces": Wrong(excluding("!{a}"), 12, 9, "`!{a}` as a tag", '"!{a}"'),
    "a tag in brackets": Wrong(MINIMAL + "    exclude: [!keep, b]\n", 10, 15, "`!keep` as a tag", '"!keep"'),
    "a list": Wrong(excluding("[id].html"), 12, 9, "YAML reads `[id].html` as a list", 'quote it: "[id].html"'),
    "a list of two": Wrong(excluding("[id]/[slug].js"), 12, 9, "`[id]/[slug].js` as a list", '"[id]/[slug].js"'),
    "a list that stays one": Wrong(excluding("[id]"), 12, 9, "item 2 of `exclude` must be text, not a list", '"[id]"'),
    "a list in brackets": Wrong(MINIMAL + "    exclude: [[id].html, b]\n", 10, 15, "`[id].html` as a list"),
    "a negated set": Wrong(excluding("[!a]*.js"), 12, 9, "`[!a]*.js` as a list", '"[!a]*.js"'),
    "a mapping": Wrong(excluding("{a,b}.js"), 12, 9, "`{a,b}.js` as a mapping", 'quote it: "{a,b}.js"'),
    "a mapping that stays one": Wrong(excluding("{a,b}"), 12, 9, "must be text, not a mapping", '"{a,b}"'),
    "a scope": Wrong(excluding("@types/**"), 12, 9, "`@types/**` as a reserved character", '"@types/**"'),
    "an anchor": Wrong(excluding("&x"), 12, 9, "YAML reads `&x` as an anchor", 'quote it: "&x"'),
    "an anchor with a dot": Wrong(excluding("&.x"), 12, 9, "`&.x` as an anchor", '"&.x"'),
    "a directive": Wrong(excluding("%x"), 12, 9, "YAML reads `%x` as a directive", 'quote it: "%x"'),
    "a backtick": Wrong(excluding("`x`"), 12, 9, "``x`` as a reserved character", '"`x`"'),
    "a folded block": Wrong(excluding(">foo"), 12, 9, "`>foo` as a block scalar", '">foo"'),
    "quotes within": Wrong(excluding('@"x"'), 12, 9, '`@"x"` as a reserved', "quote it: '@\"x\"'"),
    "a comment": Wrong(excluding("#x"), 12, 8, "item 2 of `exclude` has no value", "begins with # or"),
    "a colon": Wrong(excluding("a: b"), 12, 9, "must be text, not a mapping", "in double quotes"),
}

SYNTAX = {
    "empty": Wrong("", 1, 1, "the manifest is empty", "`assetsync init`"),
    "only comments": Wrong("# nothing\n", 1, 1, "the manifest is empty"),
    "too large": Wrong("a" * (1024 * 1024 + 1), 1, 1, "larger than 1 MiB"),
    "too large in bytes": Wrong(b"a" * (1024 * 1024 + 1), 1, 1, "larger than 1 MiB"),
    "too large as UTF-8": Wrong("\u20ac" * 400_000, 1, 1, "larger than 1 MiB"),
    "not UTF-8": Wrong(b"version: 1\nname: caf\xe9\n", 2, 10, "byte 0xe9 is not UTF-8", "save the file as UTF-8"),
    "UTF-16": Wrong("version: 1\n".encode("utf-16"), 1, 1, "UTF-16, not UTF-8"),
    "NUL": Wrong("version: 1\nname: a\x00b\n", 2, 8, "the control character U+0000"),
    "an escape": Wrong("version: 1\nname: \x1b[31m\n", 2, 7, "the control character U+001B"),
    "a surrogate": Wrong("name: \ud800\n", 1, 7, "the control character U+D800"),
    "several documents": Wrong(MINIMAL + "---\nversion: 1\n", 10, 1, "a second document begins", "remove the `---`"),
    "a tab": Wrong("version: 1\n\tname: website\n", 2, 1, "a tab cannot indent YAML", "spaces"),
    "an open quote": Wrong("version: 1\nname: 'website\n", 2, 7, "this quote is never closed"),
    "an open bracket": Wrong("folders: [a\n", 1, 10, "this bracket is never closed"),
    "two colons": Wrong("name: a: b\n", 1, 8, "a colon cannot stand here", "quote a text"),
    "text after quotes": Wrong(excluding("'a'b"), 12, 12, "not valid YAML", "check the indentation"),
    "a stray bracket": Wrong("version: 1\nname: ]\n", 2, 7, "not valid YAML"),
    "an undefined version of YAML": Wrong("%YAML 3.0\n---\na: 1\n", 1, 1, "not valid YAML"),
    "a duplicate key": Wrong(MINIMAL + "name: other\n", 10, 1, "the key `name` is given twice", "line 2"),
    "a list as key": Wrong(MINIMAL + "? [a]\n: b\n", 10, 3, "a key must be text"),
    "an empty key": Wrong(MINIMAL + "'': b\n", 10, 1, "a key is empty"),
    "a merge key": Wrong(MINIMAL + "<<: {digest: xxh3}\n", 10, 1, "merge keys (`<<`) are not supported"),
    "an escape in a key": Wrong(MINIMAL + '"a\\e": b\n', 10, 1, "a key holds the control character U+001B"),
    "a Python object": Wrong(changed("website", "!!python/object:os.system x"), 2, 7, "YAML tags such as `tag:yaml"),
    "a tagged list": Wrong(changed("folders:", "folders: !!seq"), 6, 10, "YAML tags such as", "remove the tag"),
    "deep nesting": Wrong("a: " + "[" * 1000, 1, 35, "nested deeper than 32 levels"),
    "deep indentation": Wrong("".join(" " * at + "a:\n" for at in range(100)), 33, 33, "nested deeper than 32"),
    "a bomb of aliases": Wrong(BOMB, 4, 36, f"the aliases add more than {MAX_ALIASED} values"),
    "more values than can be meant": Wrong("[" + "a," * MAX_VALUES + "]", 1, 40_000, f"more than {MAX_VALUES} values"),
    "an alias of itself": Wrong("a: &a [*a]\n", 1, 8, "the alias `*a` refers to itself"),
}

SHAPE = {
    "a text": Wrong("website", 1, 1, "the manifest must be a mapping of keys to values, not `website`", "`version: 1`"),
    "a list": Wrong("- a\n", 1, 1, "the manifest must be a mapping of keys to values, not a list"),
    "no version": Wrong(changed("version: 1\n", ""), 1, 1, "manifest lacks the key `version`", "version: 1"),
    "another version": Wrong(changed("version: 1", "version: 2"), 1, 10, "`version` must be 1, not `2`"),
    "a quoted version": Wrong(changed("version: 1", "version: '1'"), 1, 10, "must be 1", "1 without quotes"),
    "a zero before": Wrong(changed("version: 1", "version: 01"), 1, 10, "`version` must be 1, not `01`"),
    "an empty name": Wrong(changed("website", ""), 2, 1, "`name` has no value", "says null needs quotes"),
    "a null name": Wrong(changed("website", "null"), 2, 7, "`name` has no value"),
    "an upper-case name": Wrong(changed("website", "Website"), 2, 7, "1 to 32 lower-case letters", "website"),
    "a long name": Wrong(changed("website", "w" * 33), 2, 7, "1 to 32 lower-case letters"),
    "a service with a blank": Wrong(changed("my-site", "my site"), 3, 10, "1 to 50 letters, digits or dashes"),
    "a long service": Wrong(changed("my-site", "s" * 51), 3, 10, "1 to 50 letters"),
    "a broken variable": Wrong(changed("my-site", "a-${1}"), 3, 10, "not `a-${1}`", "`${1}` is no variable"),
    "an open variable": Wrong(changed("my-site", "${A"), 3, 10, "not `${A`", "`${A` is no variable"),
    "an unset variable": Wrong(changed("my-site", "${A}"), 3, 10, "the variable `A` in `service` is not set", "${A:-"),
    "no environments": Wrong(
        changed("environments:\n  - name: production\n", ""), 1, 1, "lacks the key `environments`"
    ),
    "an empty list": Wrong(changed("\n  - name: production", " []"), 4, 15, "`environments` needs at least one item"),
    "an environment as text": Wrong(
        changed("- name: production", "- production"),
        5,
        5,
        "item 1 of `environments` must be a mapping",
        "{name: staging",
    ),
    "a long environment": Wrong(changed("production", "p" * 101), 5, 11, "1 to 100 letters"),
    "a long suffix": Wrong(changed("production", "production\n    suffix: " + "s" * 17), 6, 13, "1 to 16 letters"),
    "a suffix that ends in a dash": Wrong(changed("production", "p\n    suffix: a-"), 6, 13, "1 to 16 letters"),
    "an unknown key": Wrong(changed("source:", "sorce:"), 7, 5, "has no key `sorce`", "did you mean `source`?"),
    "a key in upper case": Wrong(MINIMAL + "DIGEST: xxh3\n", 10, 1, "has no key `DIGEST`", "mean `digest`?"),
    "a dash in a key": Wrong(
        MINIMAL + "    visibility-from-name: true\n", 10, 5, "has no key", "`visibility_from_name`?"
    ),
    "a key that nobody knows": Wrong(MINIMAL + "zzzz: 1\n", 10, 1, "has no key `zzzz`", "the keys are version, name"),
    "a very long key": Wrong(MINIMAL + "z" * 90 + ": 1\n", 10, 1, "z...`", "the keys are version, name"),
    "a key elsewhere": Wrong(MINIMAL + "max_delete: 3\n", 10, 1, "has no key", "`max_delete` belongs in `safety`"),
    "a key of a folder": Wrong(MINIMAL + "index: a\n", 10, 1, "has no key", "belongs in an item of `folders`"),
    "no visibility": Wrong(
        changed("    visibility: public\n", ""), 7, 5, "mapping lacks the key `visibility`", "public"
    ),
    "a visibility in upper case": Wrong(
        changed("visibility: public", "visibility: Public"),
        9,
        17,
        "must be `public`, `protected` or `private`",
        "`public`?",
    ),
    "an empty visibility": Wrong(
        changed("visibility: public", "visibility:"), 9, 5, "`visibility` has no value", "give"
    ),
    "a strange visibility": Wrong(changed("y: public", "y: 7"), 9, 17, "`private`, not `7`", "for example public"),
    "text for a list": Wrong(MINIMAL + "    exclude: '*.map'\n", 10, 14, "must be a list, not `*.map`", '["*.map"]'),
    "nothing for a list": Wrong(MINIMAL + "    exclude:\n", 10, 5, "`exclude` has no value", "remove the key"),
    "too many patterns": Wrong(
        MINIMAL + f"    exclude: [{'a, ' * 1001}]\n", 10, 14, "`exclude` has 1001 items, and may have 1000", "fewer"
    ),
    "too many folders": Wrong(
        MINIMAL + "  - {source: a, visibility: public}\n" * 100, 6, 1, "`folders` has 101 items, and may have 100"
    ),
    "no include": Wrong(MINIMAL + "    include: []\n", 10, 14, "`include` needs at least one item", "['**']"),
    "an empty pattern": Wrong(excluding("''"), 12, 9, "item 2 of `exclude` is empty", "for example '*.map'"),
    "a long pattern": Wrong(excluding("a" * 4097), 12, 9, "item 2 of `exclude` is longer than 4096 characters"),
    "yes": Wrong(MINIMAL + "    visibility_from_name: yes\n", 10, 27, "`true` or `false`, not `yes`", "`true`"),
    "off": Wrong(MINIMAL + "    visibility_from_name: OFF\n", 10, 27, "`true` or `false`, not `OFF`", "`false`"),
    "neither": Wrong(MINIMAL + "    visibility_from_name: maybe\n", 10, 27, "`true` or `false`, not `maybe`"),
    "a truth value for text": Wrong(
        with_rule("match: a", "allow_secret: [true]"), 12, 23, "must be `true` or `false`, not a list"
    ),
    "a share": Wrong(
        MINIMAL + "safety:\n  max_delete: 0.3\n", 11, 15, "a percentage from 0% to 100%, or a count", "30%"
    ),
    "too much": Wrong(MINIMAL + "safety:\n  max_delete: 101%\n", 11, 15, "from 0% to 100%, or a count, not `101%`"),
    "too little": Wrong(MINIMAL + "safety:\n  max_delete: -1\n", 11, 15, "or a count, not `-1`"),
    "a quoted count": Wrong(MINIMAL + "safety:\n  max_delete: '25'\n", 11, 15, "or a count", "25 without quotes"),
    "empty safety": Wrong(MINIMAL + "safety:\n", 10, 1, "`safety` has no value"),
    "safety as text": Wrong(MINIMAL + "safety: 30%\n", 10, 9, "must be a mapping of keys", "{max_delete: 30%}"),
    "another charset": Wrong(MINIMAL + "    charset: UTF8\n", 10, 14, "must be `utf-8`, not `UTF8`", "`utf-8`?"),
    "a line break": Wrong(
        MINIMAL + 'digest: "xx\\nh3"\n', 10, 9, "`digest` holds the control character U+000A", "on one line"
    ),
    "an escape in a value": Wrong(MINIMAL + 'digest: "\\e"\n', 10, 9, "the control character U+001B", "remove it"),
    "an index below": Wrong(
        changed("target: /", "target: ivr\n    index: a.html"),
        9,
        12,
        "`index` needs the target `/`, not `ivr`",
        "target: /",
    ),
}

MEANING = {
    "two of a name": Wrong(
        changed("production\n", "a\n  - name: a\n    suffix: b\n"), 6, 11, "two Environments are named `a`"
    ),
    "two without suffix": Wrong(
        changed("production\n", "a\n  - name: b\n    suffix:\n"),
        6,
        5,
        "`a` and `b` both have no suffix",
        "`suffix: stg`",
    ),
    "two of a suffix": Wrong(
        changed("production\n", "a\n    suffix: x\n  - name: b\n    suffix: X\n"), 8, 13, "have the same suffix"
    ),
    "an absolute source": Wrong(changed("source: public", "source: /srv"), 7, 13, "`source` is an absolute path"),
    "a drive": Wrong(changed("source: public", 'source: "C:/a"'), 7, 13, "`source` is an absolute path"),
    "a backslash": Wrong(changed("source: public", "source: a\\b"), 7, 13, "holds a backslash", "write a/b"),
    "a source outside": Wrong(changed("source: public", "source: a/../../b"), 7, 13, "outside the project", "/project"),
    "a source beside": Wrong(changed("source: public", "source: ../project2"), 7, 13, "outside the project"),
    "a variable in a source": Wrong(
        changed("source: public", "source: ${A}"), 7, 13, "variables are not expanded here", "in `service`, environment"
    ),
    "a variable in the name": Wrong(changed("website", "a-${A}"), 2, 7, "`name` holds `${`, but variables"),
    "dots in a target": Wrong(changed("target: /", "target: /a/../b"), 8, 13, "`target` holds a dot segment"),
    "a blank in a target": Wrong(changed("target: /", "target: /a b"), 8, 13, "URL path of letters, digits and"),
    "two slashes": Wrong(changed("target: /", "target: /a//b/"), 8, 13, "between single slashes"),
    "a URL": Wrong(changed("target: /", "target: https://a.b/"), 8, 13, "must be a URL path"),
    "a long target": Wrong(changed("target: /", "target: " + "a" * 253), 8, 13, "`target` is longer than 254"),
    "an index outside": Wrong(MINIMAL + "    index: ../a.html\n", 10, 12, "must name a file inside the source"),
    "an index with a slash": Wrong(MINIMAL + "    index: /index.html\n", 10, 12, "must name a file inside"),
    "a backslash in the index": Wrong(MINIMAL + "    index: a\\b\n", 10, 12, "must name a file inside the source"),
    "a set of nothing": Wrong(excluding("'[/]'"), 12, 9, "it matches nothing", "something in it"),
    "a lone exclamation mark": Wrong(excluding("'!'"), 12, 9, "item 2 of `exclude` is not a pattern"),
    "an open set": Wrong(excluding("'[a'"), 12, 9, "it matches nothing", "something in it"),
    "a quoted comment": Wrong(excluding("'# a'"), 12, 9, "it matches nothing", "write \\# a"),
    "blanks": Wrong(excluding("'  '"), 12, 9, "it matches nothing"),
    "a slash": Wrong(MINIMAL + "    include: [/]\n", 10, 15, "item 1 of `include` is not a pattern", "** names every"),
    "a bad match": Wrong(with_rule("match: 'a\\'"), 11, 16, "`match` is not a pattern"),
    "a negated match": Wrong(with_rule("match: '!a'"), 11, 16, "`match` cannot be negated", "write a rule for a,"),
    "no match": Wrong(with_rule("charset: utf-8"), 11, 9, "the rule lacks the key `match`", "match: '*.wasm'"),
    "half a type": Wrong(
        with_rule("match: a", "content_type: html"), 12, 23, "must be a media type", "application/wasm"
    ),
    "a type with a break": Wrong(
        with_rule("match: a", 'content_type: "a/b\\r\\nX: y"'), 12, 23, "holds the control character U+000D"
    ),
    "two charsets": Wrong(
        with_rule("match: a", "content_type: text/html; Charset=x", "charset: utf-8"), 13, 18, "both name a charset"
    ),
    "an undeclared environment": Wrong(
        with_rule("match: a", "environments: [prodution]"), 12, 24, "`prodution` is not a declared", "`production`?"
    ),
    "an unheard-of environment": Wrong(
        with_rule("match: a", "environments: [x]"),
        12,
        24,
        "`x` is not a declared Environment",
        "declared are: production",
    ),
}

TABLE = {
    f"{group}: {name}": wrong
    for group, table in {"unquoted": UNQUOTED, "syntax": SYNTAX, "shape": SHAPE, "meaning": MEANING}.items()
    for name, wrong in table.items()
}


@pytest.mark.parametrize("wrong", TABLE.values(), ids=TABLE.keys())
def test_each_has_its_own_message_at_its_place(wrong: Wrong) -> None:
    """A wrong manifest says once what is wrong, where, and (where it helps) what would be right."""
    at_place = [each for each in problems(wrong.text) if (each.line, each.column) == (wrong.line, wrong.column)]

    assert len(at_place) == 1, problems(wrong.text)
    assert wrong.message in at_place[0].message
    assert wrong.hint in (at_place[0].hint or "")
    assert at_place[0].file == "assetsync.yaml"


@pytest.mark.parametrize("wrong", [*UNQUOTED.values(), *SHAPE.values(), *MEANING.values()])
def test_nothing_but_the_mistake_is_reported(wrong: Wrong) -> None:
    """One mistake is one problem, also where a mistyped key leaves its own name missing."""
    assert len(problems(wrong.text)) == 1


def test_all_problems_are_reported_at_once_and_in_order() -> None:
    """Problems of the YAML, of the schema, of meaning and of variables come together, sorted by place."""
    text = changed("website", "Web Site").replace("my-site", "${A}").replace("source: public", "source: /x")
    found = problems(text + "    exclude: [!keep, '[/]']\nname: again\nfoo: 1\n")

    assert [(each.line, each.column) for each in found] == [
        (2, 7),
        (3, 10),
        (7, 13),
        (10, 15),
        (10, 22),
        (11, 1),
        (12, 1),
    ]


def test_a_refused_environment_hides_no_other_problem() -> None:
    """Where no Environment can be selected, the rest of the manifest is checked all the same."""
    found = problems(changed("- name: production", "- nme: production").replace("website", "Web"))

    assert [(each.line, each.column) for each in found] == [(2, 7), (5, 5)]


def test_what_is_shown_is_one_short_printable_line() -> None:
    """Neither a long text nor an escape sequence from the manifest reaches the terminal."""
    for wrong in TABLE.values():
        for each in problems(wrong.text):
            for part in (each.message, each.text or "", each.hint or ""):
                assert part.isprintable()
                assert len(part) < 300


def test_a_hopeless_file_is_given_up_after_a_hundred_problems() -> None:
    """A file of nothing but duplicates does not fill the screen."""
    assert len(problems("a: 1\n" * 5_000)) == MAX_PROBLEMS


def test_thousands_of_unknown_keys_are_cut_short() -> None:
    """The search for what was meant is bounded; what is refused is never taken for valid all the same."""
    many = MINIMAL + "".join(f"k{at}: 1\n" for at in range(2_000)) + "folders2: []\n"

    assert len(problems(many)) == 500
    assert len(problems(many + "digest: no\n")) == 500
    assert len(problems(MINIMAL + "  - []\n" * 2_000)) == 500


def test_a_key_of_thousands_of_digits_is_no_number() -> None:
    unknown, escape = problems(MINIMAL + f"? '{'7' * 5000}'\n: \"\\e\"\n")

    assert "has no key `777" in unknown.message
    assert "holds the control character U+001B" in escape.message


def test_thousands_of_values_that_hold_what_they_must_not_are_cut_short() -> None:
    for wrong in ("'${'", '"\\e"'):
        assert (
            len(problems(MINIMAL + f"    exclude: [{(wrong + ',') * 900}]\n    x: [{(wrong + ',') * 900}]\n")) <= 1001
        )


def test_the_cause_is_never_a_traceback() -> None:
    """The message counts the problems; the problems carry the words."""
    with pytest.raises(InvalidInput, match="2 problems in the manifest") as raised:
        parsed(MINIMAL + "a: 1\nb: 2\n")

    assert raised.value.exit_code == 78


def test_a_second_anchor_of_a_name_is_fine() -> None:
    """Simple anchors and aliases are YAML's own way to share a list."""
    text = MINIMAL + "    exclude: &x ['*.map', &y drafts/, *y]\n    include: &x ['**']\n    rules: [{match: *y}]\n"

    assert parsed(text).folders[0].exclude == ("*.map", "drafts/", "drafts/")
    assert read_document(text, "f").problems == ()
