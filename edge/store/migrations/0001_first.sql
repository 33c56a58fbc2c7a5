-- Times are unix seconds (UTC).
CREATE TABLE visits (
    id INTEGER PRIMARY KEY,
    counted_at REAL NOT NULL,
    started_at REAL NOT NULL,
    ended_at REAL NOT NULL,
    observations INTEGER NOT NULL,
    age REAL,
    age_low REAL,
    age_high REAL,
    female_probability REAL,
    direction TEXT CHECK (direction IN ('in', 'out')),
    window_id INTEGER REFERENCES windows (id) ON DELETE SET NULL
);
CREATE INDEX visits_by_end ON visits (ended_at);
CREATE INDEX visits_open ON visits (counted_at) WHERE window_id IS NULL;

-- counts is a JSON list of [band, gender, count].
CREATE TABLE windows (
    id INTEGER PRIMARY KEY,
    start REAL NOT NULL,
    "end" REAL NOT NULL,
    counts TEXT NOT NULL,
    entries INTEGER NOT NULL,
    exits INTEGER NOT NULL,
    dwell TEXT,
    frames INTEGER NOT NULL,
    dropped INTEGER NOT NULL
);
CREATE INDEX windows_by_end ON windows ("end");

CREATE TABLE outbox (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    created_at REAL NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'delivered', 'rejected')),
    attempts INTEGER NOT NULL DEFAULT 0,
    settled_at REAL,
    last_error TEXT
);
CREATE INDEX outbox_queued ON outbox (sequence) WHERE state = 'queued';

-- One row a key: the agent's health as JSON, events dropped so far, ...
CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    at REAL NOT NULL,
    value TEXT NOT NULL
);
