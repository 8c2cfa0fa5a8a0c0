"""Run the README's first command as printed; while it serves, curl gets the very bytes from the URLs in its output."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from readme_command import command

SITE = Path("examples/site/public")
DEADLINE = 600


def main() -> None:
    text = command("main", Path("README.md").read_text(encoding="utf-8"))
    sys.stdout.write(text + "\n")
    with tempfile.TemporaryDirectory() as home:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "ASSETSYNC_"))
        } | {"HOME": home, "PYTHONUNBUFFERED": "1"}
        running = subprocess.Popen(
            ["bash", "-euc", text],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            urls = urls_until_serving(running)
            checked = [url for url in urls if check(url)]
            os.killpg(running.pid, signal.SIGINT)
            running.communicate(timeout=60)
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
    expected = sum(1 for file in SITE.rglob("*") if file.is_file())
    if len(checked) < expected:
        raise SystemExit(f"only {len(checked)} of at least {expected} URLs were printed and served")
    if running.returncode != 0:
        raise SystemExit(f"Ctrl-C left exit code {running.returncode}")
    sys.stdout.write(f"{len(checked)} URLs answered with the very bytes; Ctrl-C left exit code 0\n")


def urls_until_serving(running: subprocess.Popen[str]) -> list[str]:
    """Read until the command says that it serves; what it printed are the URLs to check."""
    urls: list[str] = []
    signal.alarm(DEADLINE)
    assert running.stdout is not None
    for line in running.stdout:
        sys.stdout.write(line)
        urls += re.findall(r"^\s+(http://\S+)$", line.rstrip("\n"))
        if "Serving until Ctrl-C" in line:
            signal.alarm(0)
            return urls
    raise SystemExit("the command ended before it served")


def check(url: str) -> bool:
    path = re.sub(r"^http://[^/]+/", "", url)
    expected = (SITE / (path or "index.html")).read_bytes()
    served = subprocess.run(["curl", "-sSf", url], check=True, capture_output=True).stdout
    if served != expected:
        raise SystemExit(f"{url} does not serve the bytes of {path}")
    return True


if __name__ == "__main__":
    main()
