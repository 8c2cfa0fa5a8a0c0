from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assetsync.emulator.settings import MIB
from tests.emulator.driver import error, made, upload_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.emulator.driver import Api, Json


def _place(item: Json, kind: str = "Assets") -> str:
    return f"/Services/{item['service_sid']}/{kind}/{item['sid']}/Versions"


def test_an_upload_answers_with_every_field(api: Api) -> None:
    asset = api.item(api.service())
    body = made(api.send(asset, "/img/a.png"))
    assert body == {
        "sid": body["sid"],
        "account_sid": api.core.account.sid,
        "service_sid": asset["service_sid"],
        "asset_sid": asset["sid"],
        "path": "/img/a.png",
        "visibility": "public",
        "date_created": body["date_created"],
        "url": f"{asset['url']}/Versions/{body['sid']}",
    }
    assert api.get(f"{_place(asset)}/{body['sid']}").json() == body


def test_a_function_version_links_to_its_content(api: Api) -> None:
    function = api.item(api.service(), "/hi", "Functions")
    code = "exports.handler = () => 'hé';\n"
    body = made(api.send(function, "/hi", code.encode(), kind="Functions"))
    assert body["function_sid"] == function["sid"]
    assert body["links"] == {"function_version_content": f"{body['url']}/Content"}
    content = api.get(f"{_place(function, 'Functions')}/{body['sid']}/Content").json()
    assert content == {
        "sid": body["sid"],
        "account_sid": body["account_sid"],
        "service_sid": body["service_sid"],
        "function_sid": function["sid"],
        "content": code,
        "url": f"{body['url']}/Content",
    }


def test_content_that_somebody_took_away_is_not_found(make_api: Callable[..., Api], tmp_path: Path) -> None:
    api = make_api()
    service = api.service()
    version = api.upload(service, "/f", kind="Functions")
    content = version["links"]["function_version_content"]
    assert api.client.get(content).status_code == 200
    (file,) = (tmp_path / "state" / "content").glob("*/*")
    file.unlink()
    assert error(api.client.get(content))[:2] == (404, 20404)


def test_an_asset_version_has_no_content_resource(api: Api) -> None:
    asset = api.item(api.service())
    version = made(api.send(asset))
    assert api.get(f"{_place(asset)}/{version['sid']}/Content").status_code == 404


def test_versions_are_listed_newest_first(api: Api) -> None:
    asset = api.item(api.service())
    sids = [made(api.send(asset, f"/{number}"))["sid"] for number in range(5)]
    listed = api.get(_place(asset)).json()["asset_versions"]
    assert [version["sid"] for version in listed] == sids[::-1]


def test_neither_update_nor_delete_exists(api: Api) -> None:
    asset = api.item(api.service())
    version = made(api.send(asset))
    assert error(api.delete(f"{_place(asset)}/{version['sid']}"))[:2] == (405, 20004)
    assert error(api.post(f"{_place(asset)}/{version['sid']}"))[:2] == (405, 20004)


@pytest.mark.parametrize("given", ["public", "Public", "PROTECTED", "private"])
def test_visibility_is_taken_in_any_case_and_shown_in_lower_case(api: Api, given: str) -> None:
    asset = api.item(api.service())
    assert made(api.send(asset, visibility=given))["visibility"] == given.lower()


def test_the_missing_leading_slash_is_prepended(api: Api) -> None:
    asset = api.item(api.service())
    assert made(api.send(asset, "a/b.txt"))["path"] == "/a/b.txt"
    longest = "x" * 254
    assert made(api.send(asset, longest))["path"] == f"/{longest}"


@pytest.mark.parametrize("char", [*";,?:@+&$()' \"#\\\n\x7f", "é", "[", "%zz", "<"])
def test_a_forbidden_character_in_the_path_is_refused_in_the_upload_hosts_words(api: Api, char: str) -> None:
    asset = api.item(api.service())
    assert upload_error(api.send(asset, f"/a{char}b")) == (400, 20001, "Path provided is invalid.")
    assert api.get(_place(asset)).json()["asset_versions"] == []


@pytest.mark.parametrize(
    "path", ["/a//b", "/../a", "/a/.", "/%2e%2e/a", "/a%2F..%2Fb", "/a%2f%2Fb", "/a%00", "/" + "x" * 255]
)
def test_odd_and_long_paths_are_refused(api: Api, path: str) -> None:
    asset = api.item(api.service())
    assert upload_error(api.send(asset, path)) == (400, 20001, "Path provided is invalid.")


def test_what_nothing_is_known_about_passes_when_the_settings_say_so(make_api: Callable[..., Api]) -> None:
    api = make_api(strict_paths=False)
    asset = api.item(api.service())
    for path in ("/a//b", "/é", "/[id].html"):
        assert made(api.send(asset, path))["path"] == path
    assert upload_error(api.send(asset, "/a b"))[2] == "Path provided is invalid."


def test_the_three_parts_are_required(api: Api) -> None:
    asset = api.item(api.service())
    url = f"/v1{_place(asset)}"
    part = {"Content": ("x", b"x", "text/plain")}
    good = {"Path": "/a", "Visibility": "public"}
    for form, files, message in (
        ({"Visibility": "public"}, part, "Path is required."),
        ({"Path": "/a"}, part, "Visibility provided is invalid."),
        ({"Path": "/a", "Visibility": "secret"}, part, "Visibility provided is invalid."),
        (good, {"Other": ("x", b"x", "text/plain")}, "Content is required."),
    ):
        assert upload_error(api.client.post(url, data=form, files=files)) == (400, 20001, message)
    assert upload_error(api.client.post(url, data=good)) == (400, 20001, "Content is required.")


def test_content_needs_no_file_name(api: Api) -> None:
    """As `curl -F 'Content=<file'` sends it."""
    asset = api.item(api.service())
    files = {"Path": (None, "/a"), "Visibility": (None, "public"), "Content": (None, "hello")}
    assert made(api.client.post(f"/v1{_place(asset)}", files=files))["path"] == "/a"


def test_a_content_type_that_no_header_can_carry_is_refused(api: Api) -> None:
    asset = api.item(api.service())
    answer = api.client.post(
        f"/v1{_place(asset)}",
        content=b'--b\r\nContent-Disposition: form-data; name="Path"\r\n\r\n/a\r\n'
        b'--b\r\nContent-Disposition: form-data; name="Visibility"\r\n\r\npublic\r\n'
        b'--b\r\nContent-Disposition: form-data; name="Content"; filename="x"\r\n'
        b"Content-Type: text/pl\xe4in\r\n\r\nx\r\n--b--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert upload_error(answer) == (400, 20001, "The Content-Type of Content is invalid.")


def test_an_upload_to_nowhere_is_not_found(api: Api) -> None:
    service = api.service()
    nowhere = {"service_sid": service["sid"], "sid": "ZH" + "0" * 32}
    assert error(api.send(nowhere))[:2] == (404, 20404)


@pytest.mark.parametrize(
    ("visibility", "limit"), [("public", 25_000_000), ("protected", 25_000_000), ("private", 10_000_000)]
)
def test_one_byte_too_many_is_answered_413_and_not_in_json(direct_api: Api, visibility: str, limit: int) -> None:
    asset = direct_api.item(direct_api.service())
    assert direct_api.send(asset, content=bytes(limit), visibility=visibility).status_code == 201
    refused = direct_api.send(asset, content=bytes(limit + 1), visibility=visibility)
    assert refused.status_code == 413
    assert refused.headers["content-type"] == "text/html"
    assert refused.text.startswith("<html>")


def test_a_too_large_upload_is_answered_over_the_socket_and_the_connection_lives_on(socket_api: Api) -> None:
    asset = socket_api.item(socket_api.service())
    assert socket_api.send(asset, content=bytes(26 * MIB)).status_code == 413
    assert socket_api.send(asset).status_code == 201


def test_empty_files_are_refused_unless_the_settings_take_them(make_api: Callable[..., Api]) -> None:
    lax, strict = make_api(folder="a", refuse_empty_files=False), make_api(folder="b")
    assert lax.send(lax.item(lax.service()), content=b"").status_code == 201
    refused = strict.send(strict.item(strict.service()), content=b"")
    assert upload_error(refused) == (400, 20001, "Content provided is empty.")


def test_a_refused_upload_leaves_nothing_on_the_disk(make_api: Callable[..., Api], tmp_path: object) -> None:
    api = make_api()
    asset = api.item(api.service())
    api.send(asset, "/bad?")
    api.send(asset, "/good", b"kept")
    api.client.post(f"/v1{_place(asset)}", content=b"--b", headers={"Content-Type": "multipart/form-data; boundary=b"})
    folder = api.core.new_spool()
    incoming = folder.path.parent
    folder.discard()
    assert list(incoming.iterdir()) == []
    assert len(list((incoming.parent / "content").glob("*/*"))) == 1
