-- The LMSs to which portals hand packages.

INSERT INTO sequences (name, next)
VALUES ('destination', 31001);

CREATE TABLE destinations (
    id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    token TEXT NOT NULL UNIQUE,                          -- 32 letters and digits; in every package, so no secret
    name TEXT NOT NULL CHECK (name <> ''),
    status TEXT NOT NULL CHECK (status IN ('active', 'revoked')),
    lms_origins TEXT NOT NULL,                           -- from where packages may be launched, as JSON; [] for anywhere
    seats_max INTEGER CHECK (seats_max > 0),             -- how many different learners may launch them
    expires_at INTEGER,                                  -- from when on none is launched
    lower_status INTEGER NOT NULL CHECK (lower_status IN (0, 1)),  -- whether passed may become failed
    pseudonymous INTEGER NOT NULL CHECK (pseudonymous IN (0, 1)),  -- whether ids of learners are kept as digests only
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX destinations_by_portal ON destinations (portal_id, created_at, id);
