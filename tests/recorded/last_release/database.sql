-- The database of a device with maitred 0.1.0: written by its agent, then dumped by write.py.
PRAGMA journal_mode = wal;
PRAGMA user_version = 6;
BEGIN TRANSACTION;
CREATE TABLE dead_letters (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    created_at REAL NOT NULL,
    rejected_at REAL NOT NULL,
    body TEXT NOT NULL,
    reason TEXT NOT NULL
);
INSERT INTO "dead_letters" VALUES(3,'a29a30d5-f0cc-43b2-adae-0fe871ad3aaf',1.71551519111224865911e+09,1.71551519138889193528e+09,'{"data":{"clock":"unknown","counts":[{"band":"0-12","count":0,"gender":"unknown"},{"band":"13-17","count":0,"gender":"female"},{"band":"13-17","count":0,"gender":"male"},{"band":"18-29","count":0,"gender":"female"},{"band":"18-29","count":0,"gender":"male"},{"band":"30-44","count":0,"gender":"female"},{"band":"30-44","count":0,"gender":"male"},{"band":"45-59","count":0,"gender":"female"},{"band":"45-59","count":0,"gender":"male"},{"band":"60+","count":0,"gender":"female"},{"band":"60+","count":0,"gender":"male"},{"band":"unknown","count":0,"gender":"unknown"}],"dropped_events":0,"dwell_s":null,"entries":0,"exits":0,"frames":{"dropped_ratio":0.0,"processed":0},"model":{"name":"table1","sha256":"5f29e4b4d50c43ef78fe5b8eb3fb4804647955dfe801871bdada9e39ee116fc7","version":"1"},"shares":{"cells":[],"interval":"bootstrap","level":0.95,"method":"prior-shift-em"},"visits":0,"window":{"end":"2024-05-10T09:00:00.000Z","start":"2024-05-10T08:00:00.000Z"},"withheld":{"cells":0,"min_cell":4,"visits":0}},"datacontenttype":"application/json","id":"a29a30d5-f0cc-43b2-adae-0fe871ad3aaf","source":"maitred/trattoria-lucia/front-door","specversion":"1.0","time":"2024-05-10T09:00:00.000Z","type":"io.maitred.census.window.v1"}','HTTP 422');
CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    at REAL NOT NULL,
    value TEXT NOT NULL
);
INSERT INTO "facts" VALUES('entrance',1.71551519105031228065e+09,'{"geometry": [[[0.34, 0.66], [0.69, 0.66]], "below", []], "first": 219}');
INSERT INTO "facts" VALUES('clock',1.71551519111224865911e+09,'{"boot":"00000000-0000-4000-8000-000000000000","offset":1715511793.7020195,"first":219,"event":1}');
INSERT INTO "facts" VALUES('retention',1.71551519111224865911e+09,'{"now": 1715515191.1122487}');
INSERT INTO "facts" VALUES('outbox_delivered',1.71551519139559626577e+09,'5');
INSERT INTO "facts" VALUES('sight_map',1.71551523101314949987e+09,'{"width":960,"height":540,"began":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,2,2,0,0,0,3,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,2,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"ended":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,2,2,0,0,0,0,0,0,0,0,0,0,0,0,0,0,2,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1]}');
INSERT INTO "facts" VALUES('health',1.7155152310129711628e+09,'{"at": 1715515231.0129712, "started_at": 1715515191.0499892, "camera": "ended", "camera_source": "door.mp4", "camera_error": null, "frames": 585, "dropped": 15, "fps": 13.9, "latency_ms": 42.21395033346198, "temperature_c": null, "memory_mb": 128.221184, "model": "table1 1", "uplink": "retrying", "people_in_view": 0, "clock": "unknown", "throttled": false, "looks_at_every": 1, "store_error": null, "visits_waiting": 0, "version": "0.1.0", "release": ".venv-dev"}');
CREATE TABLE outbox (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    created_at REAL NOT NULL,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    last_error TEXT
);
INSERT INTO "outbox" VALUES(7,'fbd28246-7c31-4a0a-a3a5-081c7f0cfedd',1.71551519111224865911e+09,'{"data":{"clock":"unknown","counts":[{"band":"0-12","count":null,"gender":"unknown"},{"band":"13-17","count":null,"gender":"female"},{"band":"13-17","count":null,"gender":"male"},{"band":"18-29","count":null,"gender":"female"},{"band":"18-29","count":null,"gender":"male"},{"band":"30-44","count":null,"gender":"female"},{"band":"30-44","count":null,"gender":"male"},{"band":"45-59","count":null,"gender":"female"},{"band":"45-59","count":null,"gender":"male"},{"band":"60+","count":null,"gender":"female"},{"band":"60+","count":null,"gender":"male"},{"band":"unknown","count":null,"gender":"unknown"}],"dropped_events":0,"dwell_s":{"p10":5.1,"p50":21.2,"p90":28.2},"entries":6,"exits":0,"frames":{"dropped_ratio":0.0,"processed":0},"model":{"name":"table1","sha256":"5f29e4b4d50c43ef78fe5b8eb3fb4804647955dfe801871bdada9e39ee116fc7","version":"1"},"shares":{"cells":[],"interval":"bootstrap","level":0.95,"method":"prior-shift-em"},"visits":8,"window":{"end":"2024-05-10T20:00:00.000Z","start":"2024-05-10T19:00:00.000Z"},"withheld":{"cells":12,"min_cell":4,"visits":8}},"datacontenttype":"application/json","id":"fbd28246-7c31-4a0a-a3a5-081c7f0cfedd","source":"maitred/trattoria-lucia/front-door","specversion":"1.0","time":"2024-05-10T20:00:00.000Z","type":"io.maitred.census.window.v1"}',6,'HTTP 503');
INSERT INTO "outbox" VALUES(8,'a2ee2e15-8feb-4226-a58f-6d6aa2332764',1.71551519111224865911e+09,'{"data":{"clock":"unknown","counts":[{"band":"0-12","count":0,"gender":"unknown"},{"band":"13-17","count":0,"gender":"female"},{"band":"13-17","count":0,"gender":"male"},{"band":"18-29","count":0,"gender":"female"},{"band":"18-29","count":0,"gender":"male"},{"band":"30-44","count":0,"gender":"female"},{"band":"30-44","count":0,"gender":"male"},{"band":"45-59","count":0,"gender":"female"},{"band":"45-59","count":0,"gender":"male"},{"band":"60+","count":0,"gender":"female"},{"band":"60+","count":0,"gender":"male"},{"band":"unknown","count":0,"gender":"unknown"}],"dropped_events":0,"dwell_s":null,"entries":0,"exits":0,"frames":{"dropped_ratio":0.0,"processed":0},"model":{"name":"table1","sha256":"5f29e4b4d50c43ef78fe5b8eb3fb4804647955dfe801871bdada9e39ee116fc7","version":"1"},"shares":{"cells":[],"interval":"bootstrap","level":0.95,"method":"prior-shift-em"},"visits":0,"window":{"end":"2024-05-11T09:00:00.000Z","start":"2024-05-11T08:00:00.000Z"},"withheld":{"cells":0,"min_cell":4,"visits":0}},"datacontenttype":"application/json","id":"a2ee2e15-8feb-4226-a58f-6d6aa2332764","source":"maitred/trattoria-lucia/front-door","specversion":"1.0","time":"2024-05-11T09:00:00.000Z","type":"io.maitred.census.window.v1"}',0,NULL);
INSERT INTO "outbox" VALUES(9,'fc1e8c96-2546-4114-8617-97ae076c69e1',1.71551519111224865911e+09,'{"data":{"clock":"unknown","counts":[{"band":"0-12","count":null,"gender":"unknown"},{"band":"13-17","count":null,"gender":"female"},{"band":"13-17","count":null,"gender":"male"},{"band":"18-29","count":null,"gender":"female"},{"band":"18-29","count":null,"gender":"male"},{"band":"30-44","count":null,"gender":"female"},{"band":"30-44","count":null,"gender":"male"},{"band":"45-59","count":null,"gender":"female"},{"band":"45-59","count":null,"gender":"male"},{"band":"60+","count":null,"gender":"female"},{"band":"60+","count":null,"gender":"male"},{"band":"unknown","count":null,"gender":"unknown"}],"dropped_events":0,"dwell_s":{"p10":3.2,"p50":20.8,"p90":31.3},"entries":12,"exits":0,"frames":{"dropped_ratio":0.0,"processed":0},"model":{"name":"table1","sha256":"5f29e4b4d50c43ef78fe5b8eb3fb4804647955dfe801871bdada9e39ee116fc7","version":"1"},"shares":{"cells":[],"interval":"bootstrap","level":0.95,"method":"prior-shift-em"},"visits":14,"window":{"end":"2024-05-11T11:00:00.000Z","start":"2024-05-11T10:00:00.000Z"},"withheld":{"cells":12,"min_cell":4,"visits":14}},"datacontenttype":"application/json","id":"fc1e8c96-2546-4114-8617-97ae076c69e1","source":"maitred/trattoria-lucia/front-door","specversion":"1.0","time":"2024-05-11T11:00:00.000Z","type":"io.maitred.census.window.v1"}',0,NULL);
INSERT INTO "outbox" VALUES(10,'cad0aec1-3c3f-430c-9ddd-d7da90167bd8',1.71551519111224865911e+09,'{"data":{"clock":"unknown","counts":[{"band":"0-12","count":7,"gender":"unknown"},{"band":"13-17","count":null,"gender":"female"},{"band":"13-17","count":null,"gender":"male"},{"band":"18-29","count":null,"gender":"female"},{"band":"18-29","count":4,"gender":"male"},{"band":"30-44","count":5,"gender":"female"},{"band":"30-44","count":7,"gender":"male"},{"band":"45-59","count":null,"gender":"female"},{"band":"45-59","count":null,"gender":"male"},{"band":"60+","count":null,"gender":"female"},{"band":"60+","count":null,"gender":"male"},{"band":"unknown","count":4,"gender":"unknown"}],"dropped_events":0,"dwell_s":{"p10":5.6,"p50":17.5,"p90":37.7},"entries":null,"exits":null,"frames":{"dropped_ratio":0.0,"processed":0},"model":{"name":"table1","sha256":"5f29e4b4d50c43ef78fe5b8eb3fb4804647955dfe801871bdada9e39ee116fc7","version":"1"},"shares":{"cells":[{"band":"0-12","gender":"unknown","high":0.3348,"low":0.0628,"share":0.1978},{"band":"18-29","gender":"male","high":0.2544,"low":0.0064,"share":0.0933},{"band":"30-44","gender":"female","high":0.2987,"low":0.0106,"share":0.1433},{"band":"30-44","gender":"male","high":0.4139,"low":0.071,"share":0.2321},{"band":"unknown","gender":"unknown","high":0.2067,"low":0.0407,"share":0.1212}],"interval":"bootstrap","level":0.95,"method":"prior-shift-em"},"visits":33,"window":{"end":"2024-05-11T18:00:00.000Z","start":"2024-05-11T17:00:00.000Z"},"withheld":{"cells":7,"min_cell":4,"visits":6}},"datacontenttype":"application/json","id":"cad0aec1-3c3f-430c-9ddd-d7da90167bd8","source":"maitred/trattoria-lucia/front-door","specversion":"1.0","time":"2024-05-11T18:00:00.000Z","type":"io.maitred.census.window.v1"}',0,NULL);
INSERT INTO "outbox" VALUES(11,'aabc012d-e458-404f-bbc0-6e1a59b58c9f',1.71551519111224865911e+09,'{"data":{"clock":"unknown","counts":[{"band":"0-12","count":null,"gender":"unknown"},{"band":"13-17","count":null,"gender":"female"},{"band":"13-17","count":null,"gender":"male"},{"band":"18-29","count":null,"gender":"female"},{"band":"18-29","count":4,"gender":"male"},{"band":"30-44","count":4,"gender":"female"},{"band":"30-44","count":11,"gender":"male"},{"band":"45-59","count":null,"gender":"female"},{"band":"45-59","count":4,"gender":"male"},{"band":"60+","count":null,"gender":"female"},{"band":"60+","count":null,"gender":"male"},{"band":"unknown","count":null,"gender":"unknown"}],"dropped_events":0,"dwell_s":{"p10":6.3,"p50":19.0,"p90":38.0},"entries":24,"exits":4,"frames":{"dropped_ratio":0.0,"processed":0},"model":{"name":"table1","sha256":"5f29e4b4d50c43ef78fe5b8eb3fb4804647955dfe801871bdada9e39ee116fc7","version":"1"},"shares":{"cells":[{"band":"18-29","gender":"male","high":0.225,"low":0.0042,"share":0.0749},{"band":"30-44","gender":"female","high":0.2872,"low":0.0109,"share":0.1166},{"band":"30-44","gender":"male","high":0.5161,"low":0.1128,"share":0.3246},{"band":"45-59","gender":"male","high":0.3079,"low":0.0107,"share":0.1071}],"interval":"bootstrap","level":0.95,"method":"prior-shift-em"},"visits":37,"window":{"end":"2024-05-11T19:00:00.000Z","start":"2024-05-11T18:00:00.000Z"},"withheld":{"cells":8,"min_cell":4,"visits":14}},"datacontenttype":"application/json","id":"aabc012d-e458-404f-bbc0-6e1a59b58c9f","source":"maitred/trattoria-lucia/front-door","specversion":"1.0","time":"2024-05-11T19:00:00.000Z","type":"io.maitred.census.window.v1"}',0,NULL);
INSERT INTO "outbox" VALUES(12,'f1381335-750a-4af0-b31b-6b60c4f275d3',1.71551519111224865911e+09,'{"data":{"clock":"unknown","counts":[{"band":"0-12","count":null,"gender":"unknown"},{"band":"13-17","count":null,"gender":"female"},{"band":"13-17","count":null,"gender":"male"},{"band":"18-29","count":null,"gender":"female"},{"band":"18-29","count":null,"gender":"male"},{"band":"30-44","count":null,"gender":"female"},{"band":"30-44","count":null,"gender":"male"},{"band":"45-59","count":null,"gender":"female"},{"band":"45-59","count":null,"gender":"male"},{"band":"60+","count":null,"gender":"female"},{"band":"60+","count":null,"gender":"male"},{"band":"unknown","count":null,"gender":"unknown"}],"dropped_events":0,"dwell_s":{"p10":7.9,"p50":25.8,"p90":34.4},"entries":6,"exits":4,"frames":{"dropped_ratio":0.0,"processed":0},"model":{"name":"table1","sha256":"5f29e4b4d50c43ef78fe5b8eb3fb4804647955dfe801871bdada9e39ee116fc7","version":"1"},"shares":{"cells":[],"interval":"bootstrap","level":0.95,"method":"prior-shift-em"},"visits":10,"window":{"end":"2024-05-11T20:00:00.000Z","start":"2024-05-11T19:00:00.000Z"},"withheld":{"cells":12,"min_cell":4,"visits":10}},"datacontenttype":"application/json","id":"f1381335-750a-4af0-b31b-6b60c4f275d3","source":"maitred/trattoria-lucia/front-door","specversion":"1.0","time":"2024-05-11T20:00:00.000Z","type":"io.maitred.census.window.v1"}',0,NULL);
INSERT INTO "outbox" VALUES(13,'28067077-4bc7-4e66-93bd-5b82df6f61d0',1.71551519111224865911e+09,'{"data":{"clock":"unknown","counts":[{"band":"0-12","count":null,"gender":"unknown"},{"band":"13-17","count":null,"gender":"female"},{"band":"13-17","count":null,"gender":"male"},{"band":"18-29","count":null,"gender":"female"},{"band":"18-29","count":null,"gender":"male"},{"band":"30-44","count":null,"gender":"female"},{"band":"30-44","count":null,"gender":"male"},{"band":"45-59","count":null,"gender":"female"},{"band":"45-59","count":null,"gender":"male"},{"band":"60+","count":null,"gender":"female"},{"band":"60+","count":null,"gender":"male"},{"band":"unknown","count":null,"gender":"unknown"}],"dropped_events":0,"dwell_s":null,"entries":null,"exits":null,"frames":{"dropped_ratio":0.0,"processed":0},"model":{"name":"table1","sha256":"5f29e4b4d50c43ef78fe5b8eb3fb4804647955dfe801871bdada9e39ee116fc7","version":"1"},"shares":{"cells":[],"interval":"bootstrap","level":0.95,"method":"prior-shift-em"},"visits":null,"window":{"end":"2024-05-11T21:00:00.000Z","start":"2024-05-11T20:00:00.000Z"},"withheld":{"cells":12,"min_cell":4,"visits":null}},"datacontenttype":"application/json","id":"28067077-4bc7-4e66-93bd-5b82df6f61d0","source":"maitred/trattoria-lucia/front-door","specversion":"1.0","time":"2024-05-11T21:00:00.000Z","type":"io.maitred.census.window.v1"}',0,NULL);
INSERT INTO "outbox" VALUES(14,'8fd505c9-fbcc-40e2-9c48-153303f8171f',1.71551519111224865911e+09,'{"data":{"clock":"unknown","counts":[{"band":"0-12","count":0,"gender":"unknown"},{"band":"13-17","count":0,"gender":"female"},{"band":"13-17","count":0,"gender":"male"},{"band":"18-29","count":0,"gender":"female"},{"band":"18-29","count":0,"gender":"male"},{"band":"30-44","count":0,"gender":"female"},{"band":"30-44","count":0,"gender":"male"},{"band":"45-59","count":0,"gender":"female"},{"band":"45-59","count":0,"gender":"male"},{"band":"60+","count":0,"gender":"female"},{"band":"60+","count":0,"gender":"male"},{"band":"unknown","count":0,"gender":"unknown"}],"dropped_events":0,"dwell_s":null,"entries":0,"exits":0,"frames":{"dropped_ratio":0.0,"processed":0},"model":{"name":"table1","sha256":"5f29e4b4d50c43ef78fe5b8eb3fb4804647955dfe801871bdada9e39ee116fc7","version":"1"},"shares":{"cells":[],"interval":"bootstrap","level":0.95,"method":"prior-shift-em"},"visits":0,"window":{"end":"2024-05-12T09:00:00.000Z","start":"2024-05-12T08:00:00.000Z"},"withheld":{"cells":0,"min_cell":4,"visits":0}},"datacontenttype":"application/json","id":"8fd505c9-fbcc-40e2-9c48-153303f8171f","source":"maitred/trattoria-lucia/front-door","specversion":"1.0","time":"2024-05-12T09:00:00.000Z","type":"io.maitred.census.window.v1"}',0,NULL);
INSERT INTO "outbox" VALUES(15,'a047bc4b-6b89-4a43-8b8b-22f7a0c5cf0e',1.71551519111224865911e+09,'{"data":{"clock":"unknown","counts":[{"band":"0-12","count":null,"gender":"unknown"},{"band":"13-17","count":null,"gender":"female"},{"band":"13-17","count":null,"gender":"male"},{"band":"18-29","count":null,"gender":"female"},{"band":"18-29","count":null,"gender":"male"},{"band":"30-44","count":5,"gender":"female"},{"band":"30-44","count":6,"gender":"male"},{"band":"45-59","count":null,"gender":"female"},{"band":"45-59","count":5,"gender":"male"},{"band":"60+","count":null,"gender":"female"},{"band":"60+","count":null,"gender":"male"},{"band":"unknown","count":null,"gender":"unknown"}],"dropped_events":0,"dwell_s":{"p10":9.0,"p50":15.6,"p90":37.9},"entries":15,"exits":4,"frames":{"dropped_ratio":0.0,"processed":0},"model":{"name":"table1","sha256":"5f29e4b4d50c43ef78fe5b8eb3fb4804647955dfe801871bdada9e39ee116fc7","version":"1"},"shares":{"cells":[{"band":"30-44","gender":"female","high":0.3642,"low":0.0445,"share":0.2255},{"band":"30-44","gender":"male","high":0.4532,"low":0.0407,"share":0.2283},{"band":"45-59","gender":"male","high":0.4392,"low":0.0456,"share":0.2573}],"interval":"bootstrap","level":0.95,"method":"prior-shift-em"},"visits":24,"window":{"end":"2024-05-12T11:00:00.000Z","start":"2024-05-12T10:00:00.000Z"},"withheld":{"cells":9,"min_cell":4,"visits":8}},"datacontenttype":"application/json","id":"a047bc4b-6b89-4a43-8b8b-22f7a0c5cf0e","source":"maitred/trattoria-lucia/front-door","specversion":"1.0","time":"2024-05-12T11:00:00.000Z","type":"io.maitred.census.window.v1"}',0,NULL);
INSERT INTO "outbox" VALUES(16,'5f55dc84-bd8c-4642-92f6-b12807ed1fa4',1.71551520001022028919e+09,'{"data":{"clock":"unknown","counts":[{"band":"0-12","count":null,"gender":"unknown"},{"band":"13-17","count":null,"gender":"female"},{"band":"13-17","count":null,"gender":"male"},{"band":"18-29","count":null,"gender":"female"},{"band":"18-29","count":null,"gender":"male"},{"band":"30-44","count":5,"gender":"female"},{"band":"30-44","count":null,"gender":"male"},{"band":"45-59","count":null,"gender":"female"},{"band":"45-59","count":null,"gender":"male"},{"band":"60+","count":null,"gender":"female"},{"band":"60+","count":null,"gender":"male"},{"band":"unknown","count":null,"gender":"unknown"}],"dropped_events":0,"dwell_s":{"p10":12.2,"p50":20.6,"p90":35.1},"entries":12,"exits":4,"frames":{"dropped_ratio":0.0224,"processed":131},"model":{"name":"table1","sha256":"5f29e4b4d50c43ef78fe5b8eb3fb4804647955dfe801871bdada9e39ee116fc7","version":"1"},"shares":{"cells":[{"band":"30-44","gender":"female","high":0.5341,"low":0.0447,"share":0.2916}],"interval":"bootstrap","level":0.95,"method":"prior-shift-em"},"visits":20,"window":{"end":"2024-05-12T12:00:00.000Z","start":"2024-05-12T11:00:00.000Z"},"withheld":{"cells":11,"min_cell":4,"visits":15}},"datacontenttype":"application/json","id":"5f55dc84-bd8c-4642-92f6-b12807ed1fa4","source":"maitred/trattoria-lucia/front-door","specversion":"1.0","time":"2024-05-12T12:00:00.000Z","type":"io.maitred.census.window.v1"}',0,NULL);
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
, zone_s REAL, excluded INTEGER NOT NULL DEFAULT 0 CHECK (excluded IN (0, 1)), own_low REAL, own_high REAL);
INSERT INTO "visits" VALUES(16,1715330414.0,1715330400.0,1715330412.5,80,NULL,NULL,NULL,NULL,NULL,3,NULL,1,NULL,NULL);
INSERT INTO "visits" VALUES(17,1715337885.54,1715337846.82,1715337884.34,303,40.03,31.22,47.72,0.0874,'in',4,NULL,0,32.72,46.22);
INSERT INTO "visits" VALUES(18,1715338039.6,1715338024.81,1715338038.4,111,44.79,35.74,51.94,0.3335,'in',4,NULL,0,37.24,50.44);
INSERT INTO "visits" VALUES(19,1715338465.34,1715338427.02,1715338464.14,299,44.62,34.58,54.77,0.7905,'out',4,NULL,0,36.08,53.27);
INSERT INTO "visits" VALUES(20,1715360819.47,1715360795.19,1715360818.27,187,50.52,44.74,60.04,0.5267,'in',5,NULL,0,46.24,58.54);
INSERT INTO "visits" VALUES(21,1715360823.51,1715360795.55,1715360822.31,217,23.02,12.95,29.39,0.0024,'in',5,NULL,0,14.45,27.89);
INSERT INTO "visits" VALUES(22,1715360960.39,1715360933.73,1715360959.19,206,57.62,48.76,63.16,0.0586,NULL,5,NULL,0,50.26,61.66);
INSERT INTO "visits" VALUES(23,1715361142.58,1715361108.58,1715361141.38,265,NULL,NULL,NULL,NULL,'in',5,NULL,0,NULL,NULL);
INSERT INTO "visits" VALUES(24,1715361278.84,1715361273.49,1715361277.64,36,46.85,39.19,53.55,0.9581,'in',5,NULL,0,40.69,52.05);
INSERT INTO "visits" VALUES(25,1715361288.94,1715361251.72,1715361287.74,291,30.65,23.08,36.4,0.8281,'in',5,NULL,0,24.58,34.9);
INSERT INTO "visits" VALUES(26,1715361378.53,1715361354.18,1715361377.33,188,56.98,47.33,66.26,0.2303,'out',5,NULL,0,48.83,64.76);
INSERT INTO "visits" VALUES(27,1715361782.97,1715361763.98,1715361781.77,145,41.44,32.86,50.98,0.9008,'in',5,NULL,0,34.36,49.48);
INSERT INTO "visits" VALUES(28,1715361834.2,1715361819.27,1715361833.0,112,12.62,2.98,18.31,NULL,NULL,5,NULL,0,4.48,16.81);
INSERT INTO "visits" VALUES(29,1715361856.79,1715361819.77,1715361855.59,289,37.06,28.53,47.32,0.9992,NULL,5,NULL,0,30.03,45.82);
INSERT INTO "visits" VALUES(30,1715361984.6,1715361956.01,1715361983.4,222,79.9,73.25,87.1,0.2789,'in',5,NULL,0,74.75,85.6);
INSERT INTO "visits" VALUES(31,1715362181.34,1715362164.56,1715362180.14,127,31.66,22.88,38.85,0.0018,'in',5,NULL,0,24.38,37.35);
INSERT INTO "visits" VALUES(32,1715362313.76,1715362278.25,1715362312.56,277,35.64,28.97,43.97,0.3794,NULL,5,NULL,0,30.47,42.47);
INSERT INTO "visits" VALUES(33,1715362480.93,1715362465.21,1715362479.73,119,NULL,NULL,NULL,NULL,'in',5,NULL,0,NULL,NULL);
INSERT INTO "visits" VALUES(34,1715362719.47,1715362684.72,1715362718.27,271,38.93,32.11,46.22,0.0373,'out',5,NULL,0,33.61,44.72);
INSERT INTO "visits" VALUES(35,1715362928.23,1715362924.43,1715362927.03,23,20.51,10.17,28.75,0.9587,'in',5,NULL,0,11.67,27.25);
INSERT INTO "visits" VALUES(36,1715362986.47,1715362960.14,1715362985.27,204,69.87,62.68,79.33,0.9978,'out',5,NULL,0,64.18,77.83);
INSERT INTO "visits" VALUES(37,1715363074.5,1715363049.89,1715363073.3,190,NULL,NULL,NULL,NULL,'in',5,NULL,0,NULL,NULL);
INSERT INTO "visits" VALUES(38,1715363283.73,1715363251.93,1715363282.53,247,37.02,29.57,46.62,0.8024,'out',5,NULL,0,31.07,45.12);
INSERT INTO "visits" VALUES(39,1715363330.4,1715363316.26,1715363329.2,106,43.96,38.13,52.77,0.0739,'in',5,NULL,0,39.63,51.27);
INSERT INTO "visits" VALUES(40,1715363437.67,1715363399.03,1715363436.47,302,16.72,10.01,27.03,0.6068,'out',5,NULL,0,11.51,25.53);
INSERT INTO "visits" VALUES(41,1715364630.59,1715364604.32,1715364629.39,203,46.71,41.17,55.87,0.8619,'out',6,NULL,0,42.67,54.37);
INSERT INTO "visits" VALUES(42,1715365057.32,1715365021.66,1715365056.12,278,61.66,52.24,70.72,0.0373,'in',6,NULL,0,53.74,69.22);
INSERT INTO "visits" VALUES(43,1715365242.06,1715365235.75,1715365240.86,43,44.69,35.22,53.73,0.4729,'in',6,NULL,0,36.72,52.23);
INSERT INTO "visits" VALUES(44,1715365279.9,1715365252.14,1715365278.7,215,62.04,53.26,68.3,0.0103,'in',6,NULL,0,54.76,66.8);
INSERT INTO "visits" VALUES(45,1715365295.5,1715365271.87,1715365294.3,182,50.83,43.53,61.26,0.9667,'in',6,NULL,0,45.03,59.76);
INSERT INTO "visits" VALUES(46,1715365372.63,1715365365.65,1715365371.43,49,36.14,28.57,46.2,0.8876,NULL,6,NULL,0,30.07,44.7);
INSERT INTO "visits" VALUES(47,1715365464.07,1715365426.07,1715365462.87,297,48.88,41.23,58.45,0.7049,'in',6,NULL,0,42.73,56.95);
INSERT INTO "visits" VALUES(48,1715365547.27,1715365521.17,1715365546.07,202,NULL,NULL,NULL,NULL,'in',6,NULL,0,NULL,NULL);
INSERT INTO "visits" VALUES(49,1715365619.62,1715365579.67,1715365618.42,313,24.59,18.0,31.52,0.4192,NULL,6,NULL,0,19.5,30.02);
INSERT INTO "visits" VALUES(50,1715365680.19,1715365640.19,1715365678.99,313,41.21,34.65,50.45,0.5833,'in',6,NULL,0,36.15,48.95);
INSERT INTO "visits" VALUES(51,1715365848.09,1715365829.65,1715365846.89,140,42.17,34.16,50.77,0.1481,'out',6,NULL,0,35.66,49.27);
INSERT INTO "visits" VALUES(52,1715365872.06,1715365846.99,1715365870.86,193,53.41,44.58,63.38,0.2444,'out',6,NULL,0,46.08,61.88);
INSERT INTO "visits" VALUES(53,1715365974.14,1715365969.39,1715365972.94,31,22.83,16.83,29.55,0.5956,'in',6,NULL,0,18.33,28.05);
INSERT INTO "visits" VALUES(54,1715365982.68,1715365979.09,1715365981.48,22,36.1,30.58,42.01,0.0217,'in',6,NULL,0,32.08,40.51);
INSERT INTO "visits" VALUES(55,1715365983.14,1715365964.8,1715365981.94,140,33.21,25.77,42.56,0.4059,NULL,6,NULL,0,27.27,41.06);
INSERT INTO "visits" VALUES(56,1715366282.04,1715366251.95,1715366280.84,234,25.41,19.68,33.76,0.0648,'in',6,NULL,0,21.18,32.26);
INSERT INTO "visits" VALUES(57,1715366291.11,1715366254.37,1715366289.91,287,30.71,22.42,36.31,0.7773,'in',6,NULL,0,23.92,34.81);
INSERT INTO "visits" VALUES(58,1715366411.44,1715366394.19,1715366410.24,131,55.91,46.34,65.5,0.1683,NULL,6,NULL,0,47.84,64.0);
INSERT INTO "visits" VALUES(59,1715366470.56,1715366435.37,1715366469.36,274,44.45,37.75,54.88,0.001,'in',6,NULL,0,39.25,53.38);
INSERT INTO "visits" VALUES(60,1715366553.1,1715366541.17,1715366551.9,88,41.91,36.1,52.68,0.9772,NULL,6,NULL,0,37.6,51.18);
INSERT INTO "visits" VALUES(61,1715366554.05,1715366539.19,1715366552.85,112,24.98,18.43,31.53,0.9097,'in',6,NULL,0,19.93,30.03);
INSERT INTO "visits" VALUES(62,1715366688.46,1715366679.43,1715366687.26,65,53.52,44.91,64.65,0.9513,'in',6,NULL,0,46.41,63.15);
INSERT INTO "visits" VALUES(63,1715366700.99,1715366664.84,1715366699.79,282,NULL,NULL,NULL,NULL,NULL,6,NULL,0,NULL,NULL);
INSERT INTO "visits" VALUES(64,1715366881.28,1715366840.39,1715366880.08,320,41.4,33.42,49.84,0.9404,'in',6,NULL,0,34.92,48.34);
INSERT INTO "visits" VALUES(65,1715367015.58,1715366980.12,1715367014.38,277,8.56,0.0,17.97,NULL,NULL,6,NULL,0,0.0,16.47);
INSERT INTO "visits" VALUES(66,1715367214.61,1715367182.12,1715367213.41,253,33.39,27.83,40.65,0.3268,'in',6,NULL,0,29.33,39.15);
INSERT INTO "visits" VALUES(67,1715367248.31,1715367212.22,1715367247.11,282,NULL,NULL,NULL,NULL,'out',6,NULL,0,NULL,NULL);
INSERT INTO "visits" VALUES(68,1715367289.34,1715367253.23,1715367288.14,282,9.63,1.51,18.64,NULL,NULL,6,NULL,0,3.01,17.14);
INSERT INTO "visits" VALUES(69,1715368698.75,1715368671.43,1715368697.55,211,49.12,43.21,56.32,0.6542,'in',7,NULL,0,44.71,54.82);
INSERT INTO "visits" VALUES(70,1715369133.96,1715369103.14,1715369132.76,239,25.83,16.63,34.05,0.0,NULL,7,NULL,0,18.13,32.55);
INSERT INTO "visits" VALUES(71,1715369200.21,1715369175.77,1715369199.01,188,62.99,56.07,69.78,0.6752,'in',7,NULL,0,57.57,68.28);
INSERT INTO "visits" VALUES(72,1715369379.79,1715369373.8,1715369378.59,41,11.17,2.43,20.65,NULL,'in',7,NULL,0,3.93,19.15);
INSERT INTO "visits" VALUES(73,1715369918.46,1715369898.04,1715369917.26,156,31.33,22.35,42.83,0.1624,NULL,7,NULL,0,23.85,41.33);
INSERT INTO "visits" VALUES(74,1715370385.74,1715370368.35,1715370384.54,132,44.34,35.71,54.57,0.3976,'in',7,NULL,0,37.21,53.07);
INSERT INTO "visits" VALUES(75,1715370806.14,1715370799.66,1715370804.94,45,35.26,28.82,42.3,0.9468,'in',7,NULL,0,30.32,40.8);
INSERT INTO "visits" VALUES(76,1715370851.01,1715370822.21,1715370849.81,223,50.99,44.44,57.15,0.9241,'in',7,NULL,0,45.94,55.65);
INSERT INTO "visits" VALUES(77,1715416514.0,1715416500.0,1715416512.5,80,NULL,NULL,NULL,NULL,NULL,8,NULL,1,NULL,NULL);
INSERT INTO "visits" VALUES(78,1715422322.24,1715422292.58,1715422321.04,230,17.05,7.74,26.19,0.1987,'in',9,NULL,0,9.24,24.69);
INSERT INTO "visits" VALUES(79,1715422497.65,1715422463.89,1715422496.45,263,16.84,9.16,24.58,0.41,'in',9,NULL,0,10.66,23.08);
INSERT INTO "visits" VALUES(80,1715422536.14,1715422512.21,1715422534.94,184,48.89,41.17,58.1,0.9913,NULL,9,NULL,0,42.67,56.6);
INSERT INTO "visits" VALUES(81,1715422672.69,1715422669.99,1715422671.49,15,58.85,52.54,64.68,0.2792,'in',9,NULL,0,54.04,63.18);
INSERT INTO "visits" VALUES(82,1715422841.88,1715422817.0,1715422840.68,192,44.36,36.31,53.96,0.474,'in',9,NULL,0,37.81,52.46);
INSERT INTO "visits" VALUES(83,1715423104.24,1715423091.33,1715423103.04,96,56.65,50.54,63.15,0.3196,'in',9,NULL,0,52.04,61.65);
INSERT INTO "visits" VALUES(84,1715423345.24,1715423331.03,1715423344.04,107,17.6,8.6,25.16,0.974,'in',9,NULL,0,10.1,23.66);
INSERT INTO "visits" VALUES(85,1715423546.74,1715423528.22,1715423545.54,141,70.02,59.97,80.84,0.1292,'in',9,NULL,0,61.47,79.34);
INSERT INTO "visits" VALUES(86,1715423684.57,1715423646.22,1715423683.37,300,43.59,36.33,51.79,0.9891,NULL,9,NULL,0,37.83,50.29);
INSERT INTO "visits" VALUES(87,1715423758.31,1715423738.23,1715423757.11,154,34.75,28.92,41.16,0.0579,'in',9,NULL,0,30.42,39.66);
INSERT INTO "visits" VALUES(88,1715424009.19,1715423980.23,1715424007.99,225,12.2,4.41,23.25,NULL,'in',9,NULL,0,5.91,21.75);
INSERT INTO "visits" VALUES(89,1715424036.68,1715424029.61,1715424035.48,49,20.72,10.22,26.41,0.3104,'in',9,NULL,0,11.72,24.91);
INSERT INTO "visits" VALUES(90,1715424472.75,1715424469.48,1715424471.55,19,42.56,35.0,48.27,0.89,'in',9,NULL,0,36.5,46.77);
INSERT INTO "visits" VALUES(91,1715424525.23,1715424497.21,1715424524.03,217,36.89,28.76,46.5,0.0373,'in',9,NULL,0,30.26,45.0);
INSERT INTO "visits" VALUES(92,1715447553.66,1715447540.75,1715447552.46,96,43.14,35.97,49.75,0.0086,NULL,10,NULL,0,37.47,48.25);
INSERT INTO "visits" VALUES(93,1715447568.16,1715447533.57,1715447566.96,270,3.0,0.0,12.28,NULL,NULL,10,NULL,0,0.0,10.78);
INSERT INTO "visits" VALUES(94,1715447579.15,1715447539.34,1715447577.95,311,21.94,15.33,32.76,0.2214,'in',10,NULL,0,16.83,31.26);
INSERT INTO "visits" VALUES(95,1715447608.24,1715447595.85,1715447607.04,92,7.08,0.0,15.79,NULL,NULL,10,NULL,0,0.0,14.29);
INSERT INTO "visits" VALUES(96,1715447633.97,1715447627.41,1715447632.77,45,NULL,NULL,NULL,NULL,'in',10,NULL,0,NULL,NULL);
INSERT INTO "visits" VALUES(97,1715447683.08,1715447663.89,1715447681.88,146,33.2,23.5,42.23,0.8968,'out',10,NULL,0,25.0,40.73);
INSERT INTO "visits" VALUES(98,1715447760.86,1715447721.55,1715447759.66,307,39.63,29.31,45.47,0.1608,NULL,10,NULL,0,30.81,43.97);
INSERT INTO "visits" VALUES(99,1715447814.32,1715447779.96,1715447813.12,268,36.6,28.84,45.75,0.2493,NULL,10,NULL,0,30.34,44.25);
INSERT INTO "visits" VALUES(100,1715447874.3,1715447863.38,1715447873.1,80,24.01,15.66,34.74,0.0001,'in',10,NULL,0,17.16,33.24);
INSERT INTO "visits" VALUES(101,1715447981.8,1715447978.31,1715447980.6,21,36.19,29.98,43.03,0.1016,'in',10,NULL,0,31.48,41.53);
INSERT INTO "visits" VALUES(102,1715448072.28,1715448040.7,1715448071.08,246,18.99,11.45,28.02,0.4324,'in',10,NULL,0,12.95,26.52);
INSERT INTO "visits" VALUES(103,1715448142.11,1715448126.4,1715448140.91,119,40.02,32.58,49.8,0.9534,'in',10,NULL,0,34.08,48.3);
INSERT INTO "visits" VALUES(104,1715448305.29,1715448268.04,1715448304.09,291,51.34,41.87,62.08,0.7462,'in',10,NULL,0,43.37,60.58);
INSERT INTO "visits" VALUES(105,1715448343.86,1715448327.51,1715448342.66,124,3.0,0.0,12.03,NULL,'in',10,NULL,0,0.0,10.53);
INSERT INTO "visits" VALUES(106,1715448372.02,1715448359.5,1715448370.82,93,NULL,NULL,NULL,NULL,'in',10,NULL,0,NULL,NULL);
INSERT INTO "visits" VALUES(107,1715448450.63,1715448444.08,1715448449.43,45,5.34,0.0,13.27,NULL,'in',10,NULL,0,0.55,11.77);
INSERT INTO "visits" VALUES(108,1715448521.25,1715448481.23,1715448520.05,313,55.05,48.51,64.03,0.0557,'in',10,NULL,0,50.01,62.53);
INSERT INTO "visits" VALUES(109,1715448612.85,1715448594.13,1715448611.65,143,59.83,52.17,67.52,0.8866,'out',10,NULL,0,53.67,66.02);
INSERT INTO "visits" VALUES(110,1715448747.72,1715448733.77,1715448746.52,105,39.14,31.66,48.59,0.1293,'in',10,NULL,0,33.16,47.09);
INSERT INTO "visits" VALUES(111,1715448787.3,1715448772.17,1715448786.1,114,56.97,47.75,64.6,0.9438,'in',10,NULL,0,49.25,63.1);
INSERT INTO "visits" VALUES(112,1715448892.03,1715448873.39,1715448890.83,142,NULL,NULL,NULL,NULL,'in',10,NULL,0,NULL,NULL);
INSERT INTO "visits" VALUES(113,1715449078.67,1715449053.62,1715449077.47,193,37.47,28.06,43.41,0.6765,'in',10,NULL,0,29.56,41.91);
INSERT INTO "visits" VALUES(114,1715449080.99,1715449064.45,1715449079.79,125,41.82,34.55,52.5,0.1788,'in',10,NULL,0,36.05,51.0);
INSERT INTO "visits" VALUES(115,1715449182.43,1715449177.48,1715449181.23,33,21.52,15.26,31.19,0.663,'in',10,NULL,0,16.76,29.69);
INSERT INTO "visits" VALUES(116,1715449357.48,1715449333.83,1715449356.28,182,35.24,29.51,42.17,0.3049,'in',10,NULL,0,31.01,40.67);
INSERT INTO "visits" VALUES(117,1715449647.85,1715449621.13,1715449646.65,207,11.58,2.54,20.1,NULL,'in',10,NULL,0,4.04,18.6);
INSERT INTO "visits" VALUES(118,1715449658.7,1715449618.78,1715449657.5,312,3.84,0.0,15.16,NULL,'in',10,NULL,0,0.0,13.66);
INSERT INTO "visits" VALUES(119,1715449911.61,1715449903.58,1715449910.41,57,33.26,23.13,43.74,0.6533,'in',10,NULL,0,24.63,42.24);
INSERT INTO "visits" VALUES(120,1715449990.59,1715449960.01,1715449989.39,238,44.14,35.77,51.13,0.7842,'in',10,NULL,0,37.27,49.63);
INSERT INTO "visits" VALUES(121,1715450039.85,1715450008.64,1715450038.65,243,17.74,10.42,25.39,0.0603,'in',10,NULL,0,11.92,23.89);
INSERT INTO "visits" VALUES(122,1715450092.11,1715450068.03,1715450090.91,186,NULL,NULL,NULL,NULL,'in',10,NULL,0,NULL,NULL);
INSERT INTO "visits" VALUES(123,1715450100.47,1715450092.49,1715450099.27,57,10.26,0.15,17.86,NULL,NULL,10,NULL,0,1.65,16.36);
INSERT INTO "visits" VALUES(124,1715450124.43,1715450092.66,1715450123.23,247,19.92,12.89,28.82,0.1952,NULL,10,NULL,0,14.39,27.32);
INSERT INTO "visits" VALUES(125,1715450836.01,1715450811.5,1715450834.81,189,37.98,32.13,44.1,0.7066,'in',11,NULL,0,33.63,42.6);
INSERT INTO "visits" VALUES(126,1715450889.93,1715450876.06,1715450888.73,104,3.0,0.0,11.58,NULL,'in',11,NULL,0,0.0,10.08);
INSERT INTO "visits" VALUES(127,1715450900.56,1715450891.08,1715450899.36,69,25.39,19.1,34.56,0.0441,'in',11,NULL,0,20.6,33.06);
INSERT INTO "visits" VALUES(128,1715450933.08,1715450920.5,1715450931.88,94,32.12,21.76,38.06,0.0509,'in',11,NULL,0,23.26,36.56);
INSERT INTO "visits" VALUES(129,1715450993.12,1715450985.91,1715450991.92,51,40.29,33.75,48.66,0.0485,'in',11,NULL,0,35.25,47.16);
INSERT INTO "visits" VALUES(130,1715451020.41,1715450979.72,1715451019.21,318,71.1,61.58,79.12,0.3214,'in',11,NULL,0,63.08,77.62);
INSERT INTO "visits" VALUES(131,1715451117.09,1715451112.92,1715451115.89,26,18.24,11.3,24.91,0.842,'in',11,NULL,0,12.8,23.41);
INSERT INTO "visits" VALUES(132,1715451150.93,1715451110.85,1715451149.73,314,29.44,22.15,35.34,0.9955,'out',11,NULL,0,23.65,33.84);
INSERT INTO "visits" VALUES(133,1715451157.35,1715451148.91,1715451156.15,60,49.25,43.71,56.87,0.8456,'in',11,NULL,0,45.21,55.37);
INSERT INTO "visits" VALUES(134,1715451277.0,1715451257.09,1715451275.8,152,57.12,48.27,64.27,0.0247,'in',11,NULL,0,49.77,62.77);
INSERT INTO "visits" VALUES(135,1715451376.66,1715451349.26,1715451375.46,212,34.78,24.81,42.31,0.7892,'in',11,NULL,0,26.31,40.81);
INSERT INTO "visits" VALUES(136,1715451396.81,1715451389.13,1715451395.61,54,40.22,31.02,47.63,0.2632,'in',11,NULL,0,32.52,46.13);
INSERT INTO "visits" VALUES(137,1715451398.91,1715451388.76,1715451397.71,74,NULL,NULL,NULL,NULL,'out',11,NULL,0,NULL,NULL);
INSERT INTO "visits" VALUES(138,1715451405.11,1715451381.82,1715451403.91,179,41.88,35.37,50.69,0.3053,'in',11,NULL,0,36.87,49.19);
INSERT INTO "visits" VALUES(139,1715451469.24,1715451466.13,1715451468.04,18,23.95,15.76,31.66,0.5857,'in',11,NULL,0,17.26,30.16);
INSERT INTO "visits" VALUES(140,1715451513.43,1715451501.81,1715451512.23,86,57.13,50.55,62.83,0.2024,NULL,11,NULL,0,52.05,61.33);
INSERT INTO "visits" VALUES(141,1715451516.39,1715451501.7,1715451515.19,110,17.27,8.83,24.4,0.0728,'in',11,NULL,0,10.33,22.9);
INSERT INTO "visits" VALUES(142,1715451541.67,1715451521.49,1715451540.47,154,45.84,39.34,53.35,0.1851,NULL,11,NULL,0,40.84,51.85);
INSERT INTO "visits" VALUES(143,1715451569.28,1715451536.4,1715451568.08,256,53.56,43.48,61.26,0.1696,'in',11,NULL,0,44.98,59.76);
INSERT INTO "visits" VALUES(144,1715451737.32,1715451696.42,1715451736.12,320,33.83,27.77,42.88,0.0139,NULL,11,NULL,0,29.27,41.38);
INSERT INTO "visits" VALUES(145,1715451919.81,1715451887.65,1715451918.61,250,31.95,25.74,40.82,0.0263,'in',11,NULL,0,27.24,39.32);
INSERT INTO "visits" VALUES(146,1715451927.81,1715451894.98,1715451926.61,256,17.85,12.35,25.71,0.65,NULL,11,NULL,0,13.85,24.21);
INSERT INTO "visits" VALUES(147,1715451943.21,1715451905.32,1715451942.01,296,15.24,7.49,25.72,0.2074,'in',11,NULL,0,8.99,24.22);
INSERT INTO "visits" VALUES(148,1715452310.66,1715452289.75,1715452309.46,160,43.43,35.4,54.66,0.2284,'in',11,NULL,0,36.9,53.16);
INSERT INTO "visits" VALUES(149,1715452370.6,1715452342.69,1715452369.4,216,67.96,60.49,79.44,0.0171,'out',11,NULL,0,61.99,77.94);
INSERT INTO "visits" VALUES(150,1715452642.55,1715452629.14,1715452641.35,100,43.7,34.48,51.56,0.397,'in',11,NULL,0,35.98,50.06);
INSERT INTO "visits" VALUES(151,1715452643.97,1715452603.77,1715452642.77,315,38.27,32.69,46.46,0.1545,'in',11,NULL,0,34.19,44.96);
INSERT INTO "visits" VALUES(152,1715452762.8,1715452750.3,1715452761.6,93,15.93,8.58,27.03,0.0407,NULL,11,NULL,0,10.08,25.53);
INSERT INTO "visits" VALUES(153,1715453000.0,1715452964.7,1715452998.8,275,44.06,33.76,55.28,0.1516,'out',11,NULL,0,35.26,53.78);
INSERT INTO "visits" VALUES(154,1715453004.97,1715452987.5,1715453003.77,133,33.31,26.69,39.59,0.8654,NULL,11,NULL,0,28.19,38.09);
INSERT INTO "visits" VALUES(155,1715453077.65,1715453055.39,1715453076.45,171,36.89,29.05,44.23,0.4368,NULL,11,NULL,0,30.55,42.73);
INSERT INTO "visits" VALUES(156,1715453146.39,1715453141.85,1715453145.19,29,27.78,21.81,35.06,0.2509,NULL,11,NULL,0,23.31,33.56);
INSERT INTO "visits" VALUES(157,1715453187.93,1715453152.94,1715453186.73,273,22.14,13.42,31.91,0.3653,'in',11,NULL,0,14.92,30.41);
INSERT INTO "visits" VALUES(158,1715453254.28,1715453236.74,1715453253.08,133,57.8,50.06,68.05,0.6861,NULL,11,NULL,0,51.56,66.55);
INSERT INTO "visits" VALUES(159,1715453282.02,1715453255.49,1715453280.82,205,50.36,42.47,60.02,0.7801,'in',11,NULL,0,43.97,58.52);
INSERT INTO "visits" VALUES(160,1715453311.5,1715453301.69,1715453310.3,71,28.51,21.6,37.47,0.3506,'in',11,NULL,0,23.1,35.97);
INSERT INTO "visits" VALUES(161,1715453411.07,1715453372.42,1715453409.87,302,32.26,23.82,41.14,0.9448,'in',11,NULL,0,25.32,39.64);
INSERT INTO "visits" VALUES(162,1715455450.15,1715455426.14,1715455448.95,185,34.69,26.5,40.86,0.6949,'out',12,NULL,0,28.0,39.36);
INSERT INTO "visits" VALUES(163,1715455545.18,1715455540.38,1715455543.98,31,26.4,17.07,32.45,0.6936,'in',12,NULL,0,18.57,30.95);
INSERT INTO "visits" VALUES(164,1715455749.59,1715455719.62,1715455748.39,233,64.37,55.76,72.38,0.0004,'in',12,NULL,0,57.26,70.88);
INSERT INTO "visits" VALUES(165,1715455939.07,1715455918.83,1715455937.87,155,26.07,17.15,34.72,0.3468,'in',12,NULL,0,18.65,33.22);
INSERT INTO "visits" VALUES(166,1715455946.97,1715455914.32,1715455945.77,254,23.51,16.41,30.21,0.7988,'in',12,NULL,0,17.91,28.71);
INSERT INTO "visits" VALUES(167,1715456223.27,1715456187.13,1715456222.07,282,36.3,30.51,45.81,0.0016,'in',12,NULL,0,32.01,44.31);
INSERT INTO "visits" VALUES(168,1715456375.34,1715456339.81,1715456374.14,277,NULL,NULL,NULL,NULL,'in',12,NULL,0,NULL,NULL);
INSERT INTO "visits" VALUES(169,1715456887.32,1715456877.73,1715456886.12,70,25.59,17.43,36.75,0.0,'out',12,NULL,0,18.93,35.25);
INSERT INTO "visits" VALUES(170,1715457046.74,1715457015.46,1715457045.54,243,47.71,37.43,58.69,0.8107,'out',12,NULL,0,38.93,57.19);
INSERT INTO "visits" VALUES(171,1715457402.16,1715457385.99,1715457400.96,122,37.66,29.87,44.44,0.1906,'out',12,NULL,0,31.37,42.94);
INSERT INTO "visits" VALUES(172,1715457609.02,1715457580.34,1715457607.82,222,60.94,52.03,68.15,0.846,'out',13,NULL,0,53.53,66.65);
INSERT INTO "visits" VALUES(173,1715457614.74,1715457577.05,1715457613.54,294,48.33,38.86,57.81,0.8718,'in',13,NULL,0,40.36,56.31);
INSERT INTO "visits" VALUES(174,1715502614.0,1715502600.0,1715502612.5,80,NULL,NULL,NULL,NULL,NULL,14,NULL,1,NULL,NULL);
INSERT INTO "visits" VALUES(175,1715504114.0,1715504100.0,1715504112.5,80,NULL,NULL,NULL,NULL,NULL,14,NULL,1,NULL,NULL);
INSERT INTO "visits" VALUES(176,1715508662.77,1715508656.32,1715508661.57,45,5.1,0.0,15.26,NULL,NULL,15,NULL,0,0.0,13.76);
INSERT INTO "visits" VALUES(177,1715508794.19,1715508781.11,1715508792.99,98,33.8,27.22,44.09,0.3687,NULL,15,NULL,0,28.72,42.59);
INSERT INTO "visits" VALUES(178,1715508805.1,1715508764.06,1715508803.9,321,37.75,28.45,45.33,0.1932,'out',15,NULL,0,29.95,43.83);
INSERT INTO "visits" VALUES(179,1715508903.11,1715508867.23,1715508901.91,280,21.2,11.81,28.94,0.9992,'in',15,NULL,0,13.31,27.44);
INSERT INTO "visits" VALUES(180,1715508969.45,1715508955.3,1715508968.25,106,10.49,0.68,16.12,NULL,NULL,15,NULL,0,2.18,14.62);
INSERT INTO "visits" VALUES(181,1715508991.82,1715508981.62,1715508990.62,75,56.7,47.06,66.98,0.7622,'out',15,NULL,0,48.56,65.48);
INSERT INTO "visits" VALUES(182,1715509079.89,1715509052.71,1715509078.69,210,22.32,12.2,32.54,0.949,'in',15,NULL,0,13.7,31.04);
INSERT INTO "visits" VALUES(183,1715509158.55,1715509142.77,1715509157.35,119,53.84,47.03,60.09,0.2659,'in',15,NULL,0,48.53,58.59);
INSERT INTO "visits" VALUES(184,1715509273.44,1715509270.12,1715509272.24,19,24.93,19.41,35.76,0.1205,'in',15,NULL,0,20.91,34.26);
INSERT INTO "visits" VALUES(185,1715509331.74,1715509316.65,1715509330.54,114,22.13,12.46,30.0,0.1711,'in',15,NULL,0,13.96,28.5);
INSERT INTO "visits" VALUES(186,1715509571.91,1715509554.04,1715509570.71,136,44.96,35.94,52.28,0.67,'in',15,NULL,0,37.44,50.78);
INSERT INTO "visits" VALUES(187,1715509862.84,1715509827.52,1715509861.64,275,49.2,41.22,60.6,0.0202,NULL,15,NULL,0,42.72,59.1);
INSERT INTO "visits" VALUES(188,1715510005.2,1715509969.99,1715510004.0,275,32.17,21.99,39.02,0.7817,'in',15,NULL,0,23.49,37.52);
INSERT INTO "visits" VALUES(189,1715510152.76,1715510125.03,1715510151.56,215,50.1,41.8,61.17,0.1164,'in',15,NULL,0,43.3,59.67);
INSERT INTO "visits" VALUES(190,1715510291.98,1715510281.8,1715510290.78,74,49.24,39.12,55.17,0.3688,'in',15,NULL,0,40.62,53.67);
INSERT INTO "visits" VALUES(191,1715510301.37,1715510289.35,1715510300.17,89,40.74,31.92,46.73,0.5562,'in',15,NULL,0,33.42,45.23);
INSERT INTO "visits" VALUES(192,1715510570.28,1715510529.84,1715510569.08,316,55.1,49.37,61.44,0.5405,'out',15,NULL,0,50.87,59.94);
INSERT INTO "visits" VALUES(193,1715510671.14,1715510642.84,1715510669.94,219,32.56,25.88,38.09,0.7031,'in',15,NULL,0,27.38,36.59);
INSERT INTO "visits" VALUES(194,1715510682.59,1715510653.84,1715510681.39,223,40.47,30.02,50.44,0.3578,'in',15,NULL,0,31.52,48.94);
INSERT INTO "visits" VALUES(195,1715510758.02,1715510744.65,1715510756.82,100,34.79,25.73,46.19,0.1761,'in',15,NULL,0,27.23,44.69);
INSERT INTO "visits" VALUES(196,1715510813.23,1715510772.8,1715510812.03,316,34.37,24.33,43.56,0.2477,'in',15,NULL,0,25.83,42.06);
INSERT INTO "visits" VALUES(197,1715510968.75,1715510958.55,1715510967.55,75,43.26,35.97,53.44,0.5196,'in',15,NULL,0,37.47,51.94);
INSERT INTO "visits" VALUES(198,1715510998.88,1715510972.1,1715510997.68,207,35.75,27.72,46.99,0.001,'out',15,NULL,0,29.22,45.49);
INSERT INTO "visits" VALUES(199,1715511101.77,1715511088.61,1715511100.57,98,52.44,46.79,60.33,0.0686,NULL,15,NULL,0,48.29,58.83);
INSERT INTO "visits" VALUES(200,1715511980.86,1715511964.81,1715511979.66,121,34.55,28.26,44.75,0.9946,'out',16,NULL,0,29.76,43.25);
INSERT INTO "visits" VALUES(201,1715512273.89,1715512233.4,1715512272.69,317,NULL,NULL,NULL,NULL,'in',16,NULL,0,NULL,NULL);
INSERT INTO "visits" VALUES(202,1715512337.95,1715512301.38,1715512336.75,285,49.33,43.31,57.03,0.0957,'in',16,NULL,0,44.81,55.53);
INSERT INTO "visits" VALUES(203,1715512377.24,1715512358.6,1715512376.04,142,22.66,15.55,33.79,0.0311,'out',16,NULL,0,17.05,32.29);
INSERT INTO "visits" VALUES(204,1715512466.81,1715512440.24,1715512465.61,205,27.41,19.17,33.13,0.1983,'in',16,NULL,0,20.67,31.63);
INSERT INTO "visits" VALUES(205,1715512505.68,1715512469.4,1715512504.48,283,37.68,30.86,44.67,0.8515,NULL,16,NULL,0,32.36,43.17);
INSERT INTO "visits" VALUES(206,1715512606.21,1715512596.51,1715512605.01,71,43.69,33.72,51.2,0.7767,'in',16,NULL,0,35.22,49.7);
INSERT INTO "visits" VALUES(207,1715512647.38,1715512623.49,1715512646.18,184,13.38,7.69,22.4,0.994,'in',16,NULL,0,9.19,20.9);
INSERT INTO "visits" VALUES(208,1715512668.07,1715512652.98,1715512666.87,114,63.53,53.32,70.0,0.2384,'in',16,NULL,0,54.82,68.5);
INSERT INTO "visits" VALUES(209,1715512775.18,1715512745.92,1715512773.98,227,53.29,43.63,59.24,0.0084,NULL,16,NULL,0,45.13,57.74);
INSERT INTO "visits" VALUES(210,1715512934.0,1715512919.58,1715512932.8,108,31.67,24.26,38.92,0.2663,'in',16,NULL,0,25.76,37.42);
INSERT INTO "visits" VALUES(211,1715512974.76,1715512958.03,1715512973.56,127,36.5,29.71,47.01,0.6438,'out',16,NULL,0,31.21,45.51);
INSERT INTO "visits" VALUES(212,1715513720.53,1715513703.23,1715513719.33,131,43.94,34.16,54.5,0.7217,NULL,16,NULL,0,35.66,53.0);
INSERT INTO "visits" VALUES(213,1715513963.98,1715513936.4,1715513962.78,214,61.35,53.3,68.83,0.7702,'in',16,NULL,0,54.8,67.33);
INSERT INTO "visits" VALUES(214,1715513987.83,1715513974.01,1715513986.63,103,28.14,20.47,38.4,0.4862,'out',16,NULL,0,21.97,36.9);
INSERT INTO "visits" VALUES(215,1715514028.31,1715514005.56,1715514027.11,175,17.5,7.34,26.23,0.7437,'in',16,NULL,0,8.84,24.73);
INSERT INTO "visits" VALUES(216,1715514168.8,1715514135.4,1715514167.6,260,14.81,8.02,21.74,0.0313,'in',16,NULL,0,9.52,20.24);
INSERT INTO "visits" VALUES(217,1715514180.74,1715514159.81,1715514179.54,160,55.29,47.9,66.14,0.5924,'in',16,NULL,0,49.4,64.64);
INSERT INTO "visits" VALUES(218,1715514379.07,1715514348.99,1715514377.87,234,57.86,50.08,63.61,0.2542,'in',16,NULL,0,51.58,62.11);
INSERT INTO "visits" VALUES(219,1.71551519817046952244e+09,1.71551519167700862889e+09,1.71551519787700867654e+09,94,34.6905899774531,2.80473941696242938803e+01,4.17468612353283603528e+01,3.42775056309326192974e-03,NULL,16,NULL,0,2.80473941696242938803e+01,4.17468612353283603528e+01);
INSERT INTO "visits" VALUES(220,1.71551520308713579179e+09,1.71551519667700862886e+09,1.71551520281034183498e+09,93,2.92970507294043045485e+01,2.3510579864768608616e+01,3.62838003389079730718e+01,9.86671437668550810329e-01,NULL,NULL,NULL,0,2.3510579864768608616e+01,3.62838003389079730718e+01);
INSERT INTO "visits" VALUES(221,1.71551520802349185936e+09,1.71551520214367532726e+09,1.7155152076770086288e+09,84,4.83535927734335473342e+01,3.75224852180669117269e+01,5.89294570459473945325e+01,9.9720612361562310788e-01,NULL,NULL,NULL,0,3.75224852180669117269e+01,5.89294570459473945325e+01);
INSERT INTO "visits" VALUES(222,1.71551520862181830408e+09,1.71551520247700858118e+09,1.71551520821034193036e+09,87,7.73809111441733,4.24104799248319164206e+00,1.195975192513843055e+01,NULL,'in',NULL,NULL,0,4.24104799248319164206e+00,1.195975192513843055e+01);
INSERT INTO "visits" VALUES(223,1.7155152140656633377e+09,1.71551520774367523194e+09,1.71551521381034183504e+09,92,2.89190534516593515945e+01,2.44224810900219289075e+01,34.4916344149285,2.01073648140071351009e-03,NULL,NULL,NULL,0,2.44224810900219289075e+01,34.4916344149285);
INSERT INTO "visits" VALUES(224,1.71551521911579966548e+09,1.71551521274367523191e+09,1.71551521887700867655e+09,93,6.8264890501006448174e+01,5.765826429571197309e+01,78.4789969494943,9.96847361395789222093e-01,NULL,NULL,NULL,0,5.765826429571197309e+01,78.4789969494943);
INSERT INTO "visits" VALUES(225,1.7155152241996734142e+09,1.71551521774367523188e+09,1.71551522381034183498e+09,92,4.82709807297602537783e+01,39.55245470291,5.63678770721222335273e+01,7.02789309117325330933e-03,NULL,NULL,NULL,0,39.55245470291,5.63678770721222335273e+01);
INSERT INTO "visits" VALUES(226,1.71551522900936055182e+09,1.71551522394367527962e+09,1.71551522867700862885e+09,62,2.83289109587661869227e+01,2.29194832416348184258e+01,3.50538100254201481211e+01,9.83783347092733295724e-01,NULL,NULL,NULL,0,2.29194832416348184258e+01,3.50538100254201481211e+01);
INSERT INTO "visits" VALUES(227,1.71551522922068262104e+09,1.71551522307700848573e+09,1.71551522887700867649e+09,71,6.58501777240410319808e+01,5.69667669541537193813e+01,7.5759149713492178078e+01,1.70883008604597584102e-03,NULL,NULL,NULL,0,5.69667669541537193813e+01,7.5759149713492178078e+01);
INSERT INTO "visits" VALUES(228,1.71551522982359457014e+09,1.71551522341034197805e+09,1.71551522954367518429e+09,71,1.05476525573934623027e+01,7.28144733094915608262e+00,1.43630693447888813096e+01,NULL,NULL,NULL,NULL,0,7.28144733094915608262e+00,1.43630693447888813096e+01);
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
, excluded INTEGER NOT NULL DEFAULT 0);
INSERT INTO "windows" VALUES(1,1712336400.0,1712340000.0,'[["18-29", "female", 2], ["30-44", "female", 4], ["30-44", "male", 2], ["60+", "male", 1]]',7,1,'[20.716000080108643, 26.97000002861023, 35.50200009346008]',0,0,0);
INSERT INTO "windows" VALUES(2,1712340000.0,1712343600.0,'[["0-12", "unknown", 2], ["13-17", "female", 1], ["18-29", "female", 1], ["30-44", "male", 1], ["45-59", "male", 1]]',5,0,'[11.040000081062317, 23.630000114440918, 39.09999990463257]',0,0,0);
INSERT INTO "windows" VALUES(3,1715328000.0,1715331600.0,'[]',0,0,NULL,0,0,1);
INSERT INTO "windows" VALUES(4,1715335200.0,1715338800.0,'[["30-44", "female", 1], ["30-44", "male", 2]]',2,1,'[18.296000146865843, 37.12000012397766, 37.440000009536746]',0,0,0);
INSERT INTO "windows" VALUES(5,1715360400.0,1715364000.0,'[["0-12", "unknown", 1], ["13-17", "female", 1], ["18-29", "female", 1], ["18-29", "male", 1], ["30-44", "female", 4], ["30-44", "male", 4], ["45-59", "female", 2], ["45-59", "male", 2], ["60+", "female", 1], ["60+", "male", 1], ["unknown", "unknown", 3]]',12,5,'[12.940000057220459, 25.12999987602234, 35.8199999332428]',0,0,0);
INSERT INTO "windows" VALUES(6,1715364000.0,1715367600.0,'[["0-12", "unknown", 2], ["18-29", "female", 2], ["18-29", "male", 2], ["30-44", "female", 5], ["30-44", "male", 6], ["45-59", "female", 4], ["45-59", "male", 2], ["60+", "male", 2], ["unknown", "unknown", 3]]',16,4,'[5.578999948501587, 25.81500005722046, 37.3849999666214]',0,0,0);
INSERT INTO "windows" VALUES(7,1715367600.0,1715371200.0,'[["0-12", "unknown", 1], ["18-29", "male", 1], ["30-44", "female", 1], ["30-44", "male", 2], ["45-59", "female", 2], ["60+", "female", 1]]',6,0,'[5.132999968528748, 21.230000019073486, 28.205999898910523]',0,0,0);
INSERT INTO "windows" VALUES(8,1715414400.0,1715418000.0,'[]',0,0,NULL,0,0,1);
INSERT INTO "windows" VALUES(9,1715421600.0,1715425200.0,'[["0-12", "unknown", 1], ["13-17", "female", 1], ["13-17", "male", 2], ["18-29", "male", 1], ["30-44", "female", 2], ["30-44", "male", 3], ["45-59", "female", 1], ["45-59", "male", 2], ["60+", "male", 1]]',12,0,'[3.209999990463257, 20.804999947547913, 31.329999971389775]',0,0,0);
INSERT INTO "windows" VALUES(10,1715446800.0,1715450400.0,'[["0-12", "unknown", 7], ["13-17", "male", 1], ["18-29", "female", 1], ["18-29", "male", 4], ["30-44", "female", 5], ["30-44", "male", 7], ["45-59", "female", 3], ["45-59", "male", 1], ["unknown", "unknown", 4]]',24,2,'[5.643999910354615, 17.519999980926514, 37.69800009727478]',0,0,0);
INSERT INTO "windows" VALUES(11,1715450400.0,1715454000.0,'[["0-12", "unknown", 1], ["13-17", "female", 1], ["13-17", "male", 3], ["18-29", "female", 3], ["18-29", "male", 4], ["30-44", "female", 4], ["30-44", "male", 11], ["45-59", "female", 3], ["45-59", "male", 4], ["60+", "male", 2], ["unknown", "unknown", 1]]',24,4,'[6.291999864578247, 18.980000019073486, 38.02199993133545]',0,0,0);
INSERT INTO "windows" VALUES(12,1715454000.0,1715457600.0,'[["18-29", "female", 2], ["18-29", "male", 2], ["30-44", "female", 1], ["30-44", "male", 2], ["45-59", "female", 1], ["60+", "male", 1], ["unknown", "unknown", 1]]',6,4,'[7.910999870300293, 25.790000081062317, 34.39100012779236]',0,0,0);
INSERT INTO "windows" VALUES(13,1715457600.0,1715461200.0,'[["45-59", "female", 1], ["60+", "female", 1]]',1,1,'[28.381000018119813, 31.985000014305115, 35.589000010490416]',0,0,0);
INSERT INTO "windows" VALUES(14,1715500800.0,1715504400.0,'[]',0,0,NULL,0,0,2);
INSERT INTO "windows" VALUES(15,1715508000.0,1715511600.0,'[["0-12", "unknown", 2], ["18-29", "female", 2], ["18-29", "male", 2], ["30-44", "female", 5], ["30-44", "male", 6], ["45-59", "female", 2], ["45-59", "male", 5]]',15,4,'[8.98600001335144, 15.625, 37.8650000333786]',0,0,0);
INSERT INTO "windows" VALUES(16,1715511600.0,1715515200.0,'[["13-17", "female", 2], ["13-17", "male", 1], ["18-29", "male", 3], ["30-44", "female", 5], ["30-44", "male", 2], ["45-59", "female", 1], ["45-59", "male", 3], ["60+", "female", 1], ["60+", "male", 1], ["unknown", "unknown", 1]]',12,4,'[12.208000111579896, 20.639999985694885, 35.10899991989136]',131,3,0);
CREATE INDEX visits_by_end ON visits (ended_at);
CREATE INDEX visits_open ON visits (counted_at) WHERE window_id IS NULL;
CREATE INDEX windows_by_end ON windows ("end");
CREATE INDEX visits_by_crossing ON visits (ended_at) WHERE direction IS NOT NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('outbox',16);
COMMIT;
