-- zone_s: seconds in the entrance's zone. excluded: staff, of whom nothing but the number counts.
ALTER TABLE visits ADD COLUMN zone_s REAL;
ALTER TABLE visits ADD COLUMN excluded INTEGER NOT NULL DEFAULT 0 CHECK (excluded IN (0, 1));
ALTER TABLE windows ADD COLUMN excluded INTEGER NOT NULL DEFAULT 0;
CREATE INDEX visits_by_crossing ON visits (ended_at) WHERE direction IS NOT NULL;
