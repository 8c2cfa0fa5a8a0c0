from __future__ import annotations

import pytest

from assetsync.twilio.credentials import Credentials
from tests.unit.twilio.sids import sid

PASSWORD = "s3cret-of-the-test-key"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy and no certificate of the machine that runs the tests."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def credentials() -> Credentials:
    return Credentials(sid("SK"), PASSWORD, sid("AC"))
