"""What other tools do to a Service, for pages about it: `python others.py SERVICE ENVIRONMENT FOLDER`.

Each file of the folder becomes an Asset of its own with one Version; one Build holds them and what was live at other
paths, and is deployed. Nothing here knows assetsync: the requests are those of the Serverless Toolkit.
"""

from __future__ import annotations

import mimetypes
import os
import sys
import time
from pathlib import Path
from typing import Any

import httpx


def main(service: str, environment: str, folder: Path) -> None:
    account = os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"]
    with httpx.Client(base_url=f"{os.environ['ASSETSYNC_API_URL']}/v1", auth=account, trust_env=False) as http:
        if http.get(f"/Services/{service}").status_code == 404:
            post(http, "/Services", UniqueName=service, FriendlyName=service, IncludeCredentials="true")
        url = f"/Services/{service}"
        known = {each["unique_name"]: each for each in http.get(f"{url}/Environments").json()["environments"]}
        found = known.get(environment) or post(http, f"{url}/Environments", UniqueName=environment)
        live = http.get(f"{url}/Builds/{found['build_sid']}").json()["asset_versions"] if found["build_sid"] else []
        versions = {each["path"]: each["sid"] for each in live}
        for file in sorted(each for each in folder.rglob("*") if each.is_file()):
            path = f"/{file.relative_to(folder).as_posix()}"
            versions[path] = upload(http, url, path, file)
        build = post(http, f"{url}/Builds", AssetVersions=list(versions.values()))["sid"]
        while http.get(f"{url}/Builds/{build}/Status").json()["status"] == "building":
            time.sleep(0.05)
        post(http, f"{url}/Environments/{found['sid']}/Deployments", BuildSid=build)


def upload(http: httpx.Client, url: str, path: str, file: Path) -> str:
    asset = post(http, f"{url}/Assets", FriendlyName=path)["sid"]
    visibility = "protected" if path.startswith("/members/") else "public"
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    answer = http.post(
        f"{url}/Assets/{asset}/Versions",
        data={"Path": path, "Visibility": visibility},
        files={"Content": (file.name, file.read_bytes(), kind)},
    )
    return str(answer.raise_for_status().json()["sid"])


def post(http: httpx.Client, path: str, **form: Any) -> dict[str, Any]:
    body: dict[str, Any] = http.post(path, data=form).raise_for_status().json()
    return body


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
