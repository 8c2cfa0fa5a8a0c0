"""SIDs that are as good as real ones, and the JSON of the resources that bear them."""

from __future__ import annotations

Json = dict[str, object]


def sid(kind: str, number: int = 0) -> str:
    return f"{kind}{number:032x}"


def service_json(number: int = 0, **changes: object) -> Json:
    return {
        "sid": sid("ZS", number),
        "account_sid": sid("AC"),
        "unique_name": "my-site",
        "ui_editable": True,
        **changes,
    }


def environment_json(number: int = 0, **changes: object) -> Json:
    return {
        "sid": sid("ZE", number),
        "account_sid": sid("AC"),
        "service_sid": sid("ZS"),
        "unique_name": "production",
        "domain_suffix": None,
        "domain_name": "my-site-1234.twil.io",
        "build_sid": sid("ZB"),
        **changes,
    }


def variable_json(number: int = 0, **changes: object) -> Json:
    return {"sid": sid("ZV", number), "environment_sid": sid("ZE"), "key": "A", "value": "1", **changes}


def asset_json(number: int = 0, **changes: object) -> Json:
    return {"sid": sid("ZH", number), "friendly_name": "/a.html", "date_updated": "2018-11-10T20:00:00Z", **changes}


def version_json(number: int = 0, **changes: object) -> Json:
    return {"sid": sid("ZN", number), "asset_sid": sid("ZH"), "path": "/a.html", "visibility": "public", **changes}


def function_json(number: int = 0, **changes: object) -> Json:
    return {"sid": sid("ZN", number), "function_sid": sid("ZH"), "path": "/f", "visibility": "PROTECTED", **changes}


def build_json(number: int = 0, **changes: object) -> Json:
    return {
        "sid": sid("ZB", number),
        "status": "completed",
        "asset_versions": [version_json(1, visibility="PUBLIC")],
        "function_versions": [function_json(2)],
        "dependencies": [{"name": "twilio", "version": "3.29.2"}],
        "runtime": "node22",
        "date_created": "2018-11-10T20:00:00Z",
        **changes,
    }


def deployment_json(number: int = 0, **changes: object) -> Json:
    return {"sid": sid("ZD", number), "build_sid": sid("ZB"), "date_created": "2018-11-10T20:00:00Z", **changes}


def page_json(key: str, items: list[Json], following: object = None) -> Json:
    return {key: items, "meta": {"key": key, "next_page_url": following, "page": 0, "page_size": 1000}}
