"""The local GitHub keeps what GitHub's documentation promises of comments, pages and rights."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.action.conftest import BOT, READER, WRITER
from tests.fakes.github import MOST_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.github import GitHub

COMMENTS = "/repos/someone/site/issues/7/comments"


@pytest.fixture
def client(github: GitHub) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=github.url, headers={"Authorization": f"Bearer {WRITER}"}, trust_env=False) as client:
        yield client


def test_a_comment_is_made_listed_and_changed(client: httpx.Client) -> None:
    made = client.post(COMMENTS, json={"body": "one"})
    assert made.status_code == 201
    found = made.json()
    assert (found["body"], found["user"]["login"]) == ("one", BOT)
    changed = client.patch(f"/repos/someone/site/issues/comments/{found['id']}", json={"body": "two"})
    assert changed.status_code == 200
    assert [each["body"] for each in client.get(COMMENTS).json()] == ["two"]
    assert client.get("/repos/someone/site/issues/8/comments").json() == []


def test_pages_have_thirty_by_default_and_a_hundred_at_most(github: GitHub, client: httpx.Client) -> None:
    for number in range(150):
        github.add(7, "somebody", str(number))
    assert len(client.get(COMMENTS).json()) == 30
    assert len(client.get(COMMENTS, params={"per_page": 1000}).json()) == 100


def test_pages_lead_to_one_another_and_the_last_one_to_none(github: GitHub, client: httpx.Client) -> None:
    for number in range(250):
        github.add(7, "somebody", str(number))
    seen, at = [], f"{github.url}{COMMENTS}?per_page=100"
    rels = []
    while at:
        answer = client.get(at)
        seen += [each["body"] for each in answer.json()]
        links = dict(reversed(found) for found in re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers.get("link", "")))
        rels.append(sorted(links))
        at = links.get("next", "")
    assert seen == [str(number) for number in range(250)]
    assert rels == [["last", "next"], ["first", "last", "next", "prev"], ["first", "prev"]]


def test_one_page_has_no_links(github: GitHub, client: httpx.Client) -> None:
    github.add(7, "somebody", "one")
    assert "link" not in client.get(COMMENTS).headers


def test_who_may_only_read_may_not_write_and_nobody_is_unknown(github: GitHub, client: httpx.Client) -> None:
    comment = github.add(7, "somebody", "one")
    reader = {"Authorization": f"Bearer {READER}"}
    assert client.get(COMMENTS, headers=reader).status_code == 200
    assert client.post(COMMENTS, json={"body": "x"}, headers=reader).status_code == 403
    one = f"/repos/someone/site/issues/comments/{comment.id}"
    assert client.patch(one, json={"body": "x"}, headers=reader).status_code == 403
    assert client.get(COMMENTS, headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert comment.body == "one"


def test_what_is_not_there_is_404_and_what_is_too_long_or_empty_is_422(client: httpx.Client) -> None:
    assert client.get("/repos/someone/else/issues/7/comments").status_code == 404
    assert client.patch("/repos/someone/site/issues/comments/1", json={"body": "x"}).status_code == 404
    for body in ("", "x" * (MOST_CHARACTERS + 1)):
        assert client.post(COMMENTS, json={"body": body}).status_code == 422
    assert client.post(COMMENTS, json={"body": "x" * MOST_CHARACTERS}).status_code == 201
