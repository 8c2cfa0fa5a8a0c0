"""What the asset host serves, to whom, and how (F2.6, F8)."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.emulator.driver import made, no_auth

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.emulator.driver import Api, Json


def _signature(url: str, auth_token: str) -> str:
    return base64.b64encode(hmac.digest(auth_token.encode(), url.encode(), "sha1")).decode()


def _published(api: Api, path: str = "/a.txt", content: bytes = b"0123456789", **options: str) -> Json:
    service = api.service()
    environment = api.environment(service)
    api.publish(service, environment, api.upload(service, path, content, **options))
    return environment


def test_public_bytes_are_served_with_the_type_that_they_were_uploaded_with(api: Api) -> None:
    content = bytes(range(256)) * 4096
    environment = _published(api, "/x.svg", content, content_type="image/svg+xml; charset=utf-8")
    answer = api.site(environment, "/x.svg")
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == "image/svg+xml; charset=utf-8"
    assert answer.headers["content-length"] == str(len(content))
    assert "twilio-request-id" not in answer.headers


def test_an_upload_without_a_type_is_served_as_octets(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    item = api.item(service)
    url = f"/v1/Services/{service['sid']}/Assets/{item['sid']}/Versions"
    body = b"".join(
        b'--b\r\nContent-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value + b"\r\n"
        for name, value in ((b"Path", b"/a"), (b"Visibility", b"public"), (b'Content"; filename="/a', b"x"))
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    api.publish(service, environment, made(api.client.post(url, content=body + b"--b--\r\n", headers=headers)))
    assert api.site(environment, "/a").headers["content-type"] == "application/octet-stream"


def test_a_site_is_also_reached_below_sites_on_any_host(api: Api) -> None:
    environment = _published(api, "/d/a.txt")
    answer = api.client.get(f"/sites/{environment['domain_name']}/d/a.txt", auth=no_auth)
    assert answer.content == b"0123456789"
    assert api.client.get(f"/sites/{environment['domain_name']}", auth=no_auth).status_code == 404
    assert api.client.get("/sites/unknown.localhost/d/a.txt", auth=no_auth).status_code == 404


def test_unknown_domains_and_paths_are_not_found(api: Api) -> None:
    environment = _published(api)
    assert api.site(environment, "/other").status_code == 404
    assert api.site({"domain_name": "unknown-1234.localhost"}).status_code == 404
    assert api.site(environment, "/v1/Services").status_code == 404


def test_nothing_is_served_before_the_first_deployment(api: Api) -> None:
    service = api.service()
    assert api.site(api.environment(service)).status_code == 404


def test_host_names_are_taken_in_any_case_and_paths_are_not(api: Api) -> None:
    environment = _published(api)
    shouted = {"domain_name": environment["domain_name"].upper()}
    assert api.site(shouted).status_code == 200
    assert api.site(environment, "/A.txt").status_code == 404


def test_private_is_never_served_not_even_signed(api: Api) -> None:
    environment = _published(api, visibility="private")
    url = f"http://{environment['domain_name']}/a.txt"
    signature = _signature(url, api.core.account.auth_token)
    assert api.site(environment).status_code == 403
    assert api.site(environment, X_Twilio_Signature=signature).status_code == 403


@pytest.mark.parametrize(
    ("scheme", "port"),
    [("http", ""), ("http", ":80"), ("http", "same"), ("https", ""), ("https", ":443"), ("https", "same")],
)
@pytest.mark.parametrize("query", ["", "?a=b&c=%20"])
def test_protected_needs_twilios_signature_with_or_without_a_port(api: Api, scheme: str, port: str, query: str) -> None:
    environment = _published(api, visibility="protected")
    place = environment["domain_name"] + (f":{httpx.URL(api.base).port}" if port == "same" else port)
    token = api.core.account.auth_token
    good = _signature(f"{scheme}://{place}/a.txt{query}", token)
    assert api.site(environment, f"/a.txt{query}", X_Twilio_Signature=good).content == b"0123456789"
    for bad in ("", "x", _signature(f"{scheme}://{place}/b.txt", token), _signature("x", "x")):
        assert api.site(environment, f"/a.txt{query}", X_Twilio_Signature=bad).status_code == 403
    assert api.site(environment, f"/a.txt{query}").status_code == 403


def test_a_signature_for_the_site_counts_below_sites_too(api: Api) -> None:
    environment = _published(api, visibility="protected")
    path = f"/sites/{environment['domain_name']}/a.txt"
    for url in (f"https://{environment['domain_name']}/a.txt", f"{api.base}{path}"):
        answer = api.client.get(
            path, headers={"X-Twilio-Signature": _signature(url, api.core.account.auth_token)}, auth=no_auth
        )
        assert answer.status_code == 200


def test_the_root_is_the_asset_at_slash_of_any_type(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    root = api.upload(service, "/", b"root", content_type="image/png")
    fallback = api.upload(service, "/assets/index.html", b"fallback", content_type="text/html")
    api.publish(service, environment, root, fallback)
    assert api.site(environment, "/").content == b"root"
    api.publish(service, environment, fallback)
    assert api.site(environment, "/").content == b"fallback"
    assert api.site(environment, "/assets/index.html").content == b"fallback"


@pytest.mark.parametrize(
    ("path", "content_type"),
    [("/index.html", "text/html"), ("/assets/index.html", "text/plain"), ("/a/index.html", "text/html")],
)
def test_nothing_else_is_served_at_the_root_or_at_a_folder(api: Api, path: str, content_type: str) -> None:
    environment = _published(api, path, content_type=content_type)
    for asked in ("/", "/a/", "/a"):
        assert api.site(environment, asked).status_code == 404


def test_head_is_not_allowed_and_options_is_a_preflight(api: Api) -> None:
    environment = _published(api)
    head = api.site(environment, method="HEAD")
    assert (head.status_code, head.content) == (405, b"")
    assert head.headers["allow"] == "GET, POST, OPTIONS"
    for method, allowed in (("POST", "GET, OPTIONS"), ("PUT", "GET, POST, OPTIONS"), ("DELETE", "GET, POST, OPTIONS")):
        refused = api.site(environment, method=method)
        assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
    preflight = api.site(environment, method="OPTIONS")
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert preflight.headers["access-control-allow-methods"] == "GET, POST, OPTIONS"
    assert preflight.headers["access-control-expose-headers"] == "ETag"
    assert preflight.headers["access-control-max-age"] == "86400"


def test_the_etag_is_strong_and_follows_the_content(api: Api) -> None:
    one, same, other = _published(api), _published(api), _published(api, content=b"other")
    tags = [api.site(environment).headers["etag"] for environment in (one, same, other)]
    assert tags[0] == tags[1] != tags[2]
    assert tags[0].startswith('"')
    fresh = api.site(one, If_None_Match=tags[0])
    assert (fresh.status_code, fresh.content, fresh.headers["etag"]) == (304, b"", tags[0])
    assert api.site(one, If_None_Match=tags[2]).status_code == 200
    for fits in ("*", f"W/{tags[0]}", f'"x", {tags[0]}', f'{tags[2]},,W/{tags[0]} , "y,z"'):
        assert api.site(one, If_None_Match=fits).status_code == 304
    for odd in (f"garbage{tags[0]}", f"{tags[0]}garbage", f"{tags[2]}{tags[0]}", f"w/{tags[0]}", f"{tags[0]}, x", ","):
        assert api.site(one, If_None_Match=odd).status_code == 200


@pytest.mark.parametrize(
    ("asked", "content", "content_range"),
    [
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=2-5", b"2345", "bytes 2-5/10"),
        ("Bytes=2-5", b"2345", "bytes 2-5/10"),
        ("BYTES=-3", b"789", "bytes 7-9/10"),
        ("bytes=8-", b"89", "bytes 8-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
    ],
)
def test_one_range_is_served_as_a_part(api: Api, asked: str, content: bytes, content_range: str) -> None:
    environment = _published(api)
    answer = api.site(environment, Range=asked)
    assert (answer.status_code, answer.content) == (206, content)
    assert answer.headers["content-range"] == content_range


def test_a_range_behind_the_end_is_not_satisfiable(api: Api) -> None:
    environment = _published(api)
    for asked in ("bytes=10-", "bytes=-0"):
        answer = api.site(environment, Range=asked)
        assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */10")


def test_a_range_of_another_content_or_an_odd_one_gives_everything(api: Api) -> None:
    environment = _published(api)
    etag = api.site(environment).headers["etag"]
    assert api.site(environment, Range="bytes=0-0", If_Range=etag).status_code == 206
    assert api.site(environment, Range="bytes=0-0", If_Range='"other"').status_code == 200
    for asked in ("bytes=1-2,4-5", "bytes=5-2", "bytes=-", "lines=1-2"):
        assert api.site(environment, Range=asked).content == b"0123456789"


def test_a_large_file_is_served_in_parts_too(api: Api) -> None:
    content = bytes(1_000_000) + b"end"
    environment = _published(api, content=content)
    assert api.site(environment, Range="bytes=1-").content == content[1:]


def test_an_empty_file_is_served_where_the_settings_take_it(make_api: Callable[..., Api]) -> None:
    api = make_api(refuse_empty_files=False)
    answer = api.site(_published(api, content=b""))
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")


def test_encoded_paths_match_as_stored_and_decoded(api: Api) -> None:
    environment = _published(api, "/a%20b~.txt")
    for asked in ("/a%20b~.txt", "/a%20b%7E.txt"):
        assert api.site(environment, asked).content == b"0123456789"
    assert api.site(environment, "/a+b~.txt").status_code == 404


def test_the_exact_path_wins_over_the_decoded_one(make_api: Callable[..., Api]) -> None:
    api = make_api(strict_paths=False)
    service = api.service()
    environment = api.environment(service)
    versions = [api.upload(service, "/%7Ea", b"encoded"), api.upload(service, "/~a", b"plain")]
    api.publish(service, environment, *versions)
    assert api.site(environment, "/%7Ea").content == b"encoded"
    assert api.site(environment, "/~a").content == b"plain"


def test_content_that_somebody_took_away_is_not_found_and_logged_so(
    make_api: Callable[..., Api], tmp_path: Path
) -> None:
    api = make_api()
    environment = _published(api)
    etag = api.site(environment).headers["etag"]
    (file,) = (tmp_path / "state" / "content").glob("*/*")
    file.unlink()
    for headers in ({}, {"Range": "bytes=0-1"}, {"If_None_Match": etag}):
        assert api.site(environment, **headers).status_code == 404
    assert [entry.status for entry in api.core.requests.entries() if entry.site] == [200, 404, 404, 404]


def test_functions_are_stored_and_not_run(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    api.publish(service, environment, api.upload(service, "/hi", kind="Functions"))
    for method in ("GET", "POST"):
        assert api.site(environment, "/hi", method=method).status_code == 501
    assert api.site(environment, "/other", method="POST").status_code == 405


def test_a_deployment_spreads_after_a_while_where_the_settings_say_so(make_api: Callable[..., Api]) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    api = make_api(clock=lambda: now, propagation_seconds=5)
    service = api.service()
    environment = api.environment(service)
    item = api.item(service)
    api.publish(service, environment, made(api.send(item, content=b"old")))
    assert api.site(environment).status_code == 404
    now += timedelta(seconds=5)
    assert api.site(environment).content == b"old"
    api.publish(service, environment, made(api.send(item, content=b"new")))
    now += timedelta(seconds=4.9)
    assert api.site(environment).content == b"old"
    now += timedelta(seconds=0.1)
    assert api.site(environment).content == b"new"


def test_caching_is_as_the_settings_say(make_api: Callable[..., Api]) -> None:
    default, silent = make_api(folder="a"), make_api(folder="b", cache_control=None)
    assert api_headers(default)["cache-control"] == "no-cache"
    assert "cache-control" not in api_headers(silent)


def api_headers(api: Api) -> httpx.Headers:
    return api.site(_published(api)).headers


def test_two_uploads_of_equal_bytes_share_the_content_and_outlive_each_other(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    kept, dropped = api.upload(service, "/a", b"shared bytes"), api.upload(service, "/b", b"shared bytes")
    api.publish(service, environment, kept)
    assert api.delete(f"/Services/{service['sid']}/Assets/{dropped['asset_sid']}").status_code == 204
    assert api.site(environment, "/a").content == b"shared bytes"


def test_content_that_vanished_under_our_hands_is_not_found_over_the_socket(socket_api: Api) -> None:
    environment = _published(socket_api, content=b"about to vanish")
    spool = socket_api.core.new_spool()
    spool.discard()
    for file in (spool.path.parent.parent / "content").glob("*/*"):
        if file.read_bytes() == b"about to vanish":
            file.unlink()
    assert socket_api.site(environment).status_code == 404


def test_an_ipv6_host_is_the_api(api: Api) -> None:
    answer = api.client.get("/v1/Services", headers={"Host": "[::1]:4080"})
    assert answer.json()["meta"]["url"].startswith("http://[::1]:4080/v1/Services")
