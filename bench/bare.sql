-- What both bare handlers write: three rows for each lead.
CREATE TABLE IF NOT EXISTS leads (lead_id TEXT PRIMARY KEY, received_at TEXT, answers TEXT);
CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, lead_id TEXT, kind TEXT, at TEXT);
CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY, lead_id TEXT, kind TEXT, at TEXT);
