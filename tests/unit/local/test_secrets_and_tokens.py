"""Names and contents that must not become public by accident."""

from __future__ import annotations

import pytest

from assetsync.local.secrets import secret_content, secret_name
from assetsync.local.tokens import bears_token, split_token
from assetsync.model import Visibility


@pytest.mark.parametrize(
    "name",
    [".env", ".env.local", ".envrc", ".ENV", ".env.example.bak", ".npmrc", ".netrc", "id_rsa", "id_dsa", "id_ecdsa",
     "ID_ED25519", "server.key", "a.p12", "a.PFX"],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert secret_name(name) is not None


@pytest.mark.parametrize(
    "name",
    [".env.example", ".env.sample", ".ENV.template", "id_rsa.pub", "key", "a.key.js", "env", "cert.pem", "npmrc"],
)
def test_names_of_no_secrets(name: str) -> None:
    assert secret_name(name) is None


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
def test_a_private_key_in_pem_is_a_secret(kind: str) -> None:
    assert secret_content(f"hello\n-----BEGIN {kind}PRIVATE KEY-----\nMII".encode()) is not None


def test_a_pgp_private_key_is_a_secret() -> None:
    assert secret_content(b"-----BEGIN PGP PRIVATE KEY BLOCK-----") is not None


def test_a_service_account_is_a_secret() -> None:
    assert secret_content(b'\xef\xbb\xbf\n{ "type" : "service_account", "project_id": "x" }') is not None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"-----BEGIN PUBLIC KEY-----",
        b"-----BEGIN CERTIFICATE-----",
        b"PRIVATE KEY",
        b'{"type": "authorized_user"}',
        b'text about "type": "service_account"',
    ],
)
def test_harmless_content(content: bytes) -> None:
    assert secret_content(content) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.js", ("a.js", None)),
        ("private.js", ("private.js", None)),
        ("a.privateer.js", ("a.privateer.js", None)),
        ("a.private.js", ("a.js", Visibility.PRIVATE)),
        ("a.protected.js", ("a.js", Visibility.PROTECTED)),
        ("x.tar.private.gz", ("x.tar.gz", Visibility.PRIVATE)),
    ],
)
def test_the_strict_form_of_a_visibility_token(name: str, expected: tuple[str, Visibility | None]) -> None:
    assert split_token(name) == expected


@pytest.mark.parametrize(
    "name",
    ["secret.private", ".env.private", "x.private.tar.gz", "a.PRIVATE.js", "a.Protected.js", ".private.js",
     "a.private.", "a.private.private.js", "a.protected.private.js", "a.private.protected", "a.private..js"],
)  # fmt: skip
def test_a_token_that_does_not_fit_is_refused(name: str) -> None:
    """The Toolkit makes most of these public (F2.10)."""
    assert bears_token(name)
    assert split_token(name) is None
