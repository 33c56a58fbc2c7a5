-- An event leaves the outbox when it is acknowledged (counted in facts), refused (a dead letter) or dropped (counted).
CREATE TABLE dead_letters (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    created_at REAL NOT NULL,
    rejected_at REAL NOT NULL,
    body TEXT NOT NULL,
    reason TEXT NOT NULL
);
INSERT INTO dead_letters
    SELECT sequence, id, created_at, coalesce(settled_at, created_at), body, coalesce(last_error, '')
    FROM outbox WHERE state = 'rejected';
INSERT INTO facts (name, at, value)
    SELECT 'outbox_delivered', max(settled_at), count(*) FROM outbox WHERE state = 'delivered' HAVING count(*) > 0;
DELETE FROM outbox WHERE state <> 'queued';
DROP INDEX outbox_queued;
ALTER TABLE outbox DROP COLUMN state;
ALTER TABLE outbox DROP COLUMN settled_at;
