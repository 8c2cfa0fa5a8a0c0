"""Where the way to a host ends, by what httpx made of it."""

from __future__ import annotations

import socket
import ssl

import httpx
import pytest

from assetsync.twilio.reach import unreached


def made_of(error: Exception, cause: Exception | None) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "cause", "said", "way_out"),
    [
        (httpx.ConnectError("x"), socket.gaierror(-2, "unknown"), "(DNS)", "TWILIO_REGION"),
        (httpx.ConnectError("x"), ssl.SSLCertVerificationError(1, "self-signed"), "not trusted (TLS)", "SSL_CERT_FILE"),
        (httpx.ConnectError("x"), ssl.SSLError(1, "wrong version"), "no encrypted connection", "does not speak TLS"),
        (httpx.ConnectError("x"), ConnectionRefusedError(111, "refused"), "refused", "HTTPS_PROXY"),
        (httpx.ConnectError("x"), OSError(101, "unreachable"), "cannot be made", "network"),
        (httpx.ConnectTimeout("x"), TimeoutError(), "not answered in time", "firewall"),
        (httpx.ProxyError("407 Authentication Required"), None, "the proxy refuses", "its password"),
        (httpx.ReadTimeout("x"), None, "gave no answer", "network"),
        (httpx.RemoteProtocolError("x"), None, "gave no answer", "network"),
    ],
    ids=["name", "certificate", "tls", "refused", "network", "time", "proxy", "silence", "garbage"],
)
def test_each_end_of_the_way_has_its_sentence(
    error: Exception, cause: Exception | None, said: str, way_out: str
) -> None:
    found = unreached(made_of(error, cause))
    assert said in found.message
    assert way_out in found.hint
