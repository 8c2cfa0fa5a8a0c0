"""The tables, as migrations: entry N brings a database from `user_version` N to N + 1. Entries are only ever added.

`items` are Assets and Functions, which the API treats alike; `versions` are theirs. Times are microseconds since 1970.
`seq` is the order of creation and what page tokens point at. A Deployment outlives its Build, hence no reference.
"""

from __future__ import annotations

_FIRST = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE services (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    sid TEXT NOT NULL UNIQUE,
    unique_name TEXT NOT NULL UNIQUE,
    friendly_name TEXT NOT NULL,
    include_credentials INTEGER NOT NULL,
    ui_editable INTEGER NOT NULL,
    domain_base TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
);

CREATE TABLE environments (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    sid TEXT NOT NULL UNIQUE,
    service_sid TEXT NOT NULL REFERENCES services (sid) ON DELETE CASCADE,
    unique_name TEXT NOT NULL,
    domain_suffix TEXT,
    domain_name TEXT NOT NULL UNIQUE,
    build_sid TEXT,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    UNIQUE (service_sid, unique_name)
);

CREATE TABLE variables (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    sid TEXT NOT NULL UNIQUE,
    environment_sid TEXT NOT NULL REFERENCES environments (sid) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    UNIQUE (environment_sid, key)
);

CREATE TABLE items (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    sid TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    service_sid TEXT NOT NULL REFERENCES services (sid) ON DELETE CASCADE,
    friendly_name TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
);
CREATE INDEX items_by_service ON items (service_sid, kind, seq);

CREATE TABLE versions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    sid TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    item_sid TEXT NOT NULL REFERENCES items (sid) ON DELETE CASCADE,
    service_sid TEXT NOT NULL,
    path TEXT NOT NULL,
    plain_path TEXT NOT NULL,
    visibility TEXT NOT NULL,
    content_type TEXT NOT NULL,
    digest TEXT NOT NULL,
    size INTEGER NOT NULL,
    created INTEGER NOT NULL
);
CREATE INDEX versions_by_item ON versions (item_sid, seq);
CREATE INDEX versions_by_service ON versions (service_sid);
CREATE INDEX versions_by_digest ON versions (digest);

CREATE TABLE builds (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    sid TEXT NOT NULL UNIQUE,
    service_sid TEXT NOT NULL REFERENCES services (sid) ON DELETE CASCADE,
    runtime TEXT NOT NULL,
    dependencies TEXT NOT NULL,
    outcome TEXT NOT NULL,
    ready INTEGER NOT NULL,
    created INTEGER NOT NULL
);
CREATE INDEX builds_by_service ON builds (service_sid, seq);

CREATE TABLE build_versions (
    build_sid TEXT NOT NULL REFERENCES builds (sid) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    version_sid TEXT NOT NULL REFERENCES versions (sid) ON DELETE CASCADE,
    PRIMARY KEY (build_sid, position)
) WITHOUT ROWID;
CREATE INDEX build_versions_by_version ON build_versions (version_sid);

CREATE TABLE deployments (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    sid TEXT NOT NULL UNIQUE,
    environment_sid TEXT NOT NULL REFERENCES environments (sid) ON DELETE CASCADE,
    build_sid TEXT,
    created INTEGER NOT NULL
);
CREATE INDEX deployments_by_environment ON deployments (environment_sid, seq);
"""

MIGRATIONS: tuple[str, ...] = (_FIRST,)
