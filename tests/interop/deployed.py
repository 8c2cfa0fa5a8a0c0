"""A Service that somebody else's client deploys to: how tests look at it, and run assetsync beside that client."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

import assetsync
from assetsync.emulator.signature import sign

if TYPE_CHECKING:
    from assetsync.emulator.server import RunningEmulator

REDIRECT = Path(__file__).with_name("node") / "redirect.cjs"


@dataclass(frozen=True, slots=True)
class Deployed:
    """A Service with one Environment, which need not exist before something asks for it."""

    emulator: RunningEmulator
    name: str

    def get(self, path: str, **query: Any) -> Any:
        account = self.emulator.core.account
        auth = (account.sid, account.auth_token)
        answer = httpx.get(f"{self.emulator.url}/v1{path}", params=query, auth=auth, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def environment(self) -> Any:
        (only,) = self.get(f"/Services/{self.name}/Environments")["environments"]
        return only

    def live(self) -> Any:
        return self.get(f"/Services/{self.name}/Builds/{self.environment()['build_sid']}")

    def site(self, path: str, *, signed: bool = False) -> httpx.Response:
        domain = self.environment()["domain_name"]
        token = self.emulator.core.account.auth_token
        headers = {"X-Twilio-Signature": sign(f"https://{domain}{path}", token)} if signed else {}
        return httpx.get(f"{self.emulator.url}/sites/{domain}{path}", headers=headers, trust_env=False)

    def manifest(self, folder: Path, files: dict[str, str]) -> None:
        """Write public files, and the manifest that syncs them to the root of this very Environment."""
        for name, text in files.items():
            (folder / "public" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "public" / name).write_text(text, encoding="utf-8")
        environment = self.environment()
        suffix = f"    suffix: {environment['domain_suffix']}\n" if environment["domain_suffix"] else ""
        (folder / "assetsync.yaml").write_text(
            f"version: 1\nname: ours\nservice: {self.name}\n"
            f"environments:\n  - name: {environment['unique_name']}\n{suffix}"
            "folders:\n  - source: public\n    target: /\n    visibility: public\n"
        )

    def assetsync(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        account = self.emulator.core.account
        credentials = {"TWILIO_ACCOUNT_SID": account.sid, "TWILIO_AUTH_TOKEN": account.auth_token}
        return _run(
            [sys.executable, "-m", "assetsync", *arguments],
            folder,
            clean_environment(
                folder,
                ASSETSYNC_API_URL=self.emulator.url,
                ASSETSYNC_SITE_URL=f"{self.emulator.url}/sites/{{domain}}",
                **credentials,
            ),
        )

    def node(
        self, program: str, folder: Path, *arguments: str | Path, text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a script, with `text` as its stdin; what it sends to Twilio's hosts arrives at the local service."""
        return _run(
            [program, "--require", str(REDIRECT), *map(str, arguments)],
            folder,
            clean_environment(folder, ASSETSYNC_INTEROP_URL=self.emulator.url),
            text,
        )


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """Nothing of the user's own: neither credentials nor settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "ASSETSYNC_", "npm_"))}
    return kept | {"HOME": str(home), "CI": "1", "PYTHONPATH": str(Path(assetsync.__file__).parents[1])} | more


def _run(
    command: list[str], folder: Path, environment: dict[str, str], text: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        input=text or "",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
