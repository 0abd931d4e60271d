-- Everything that arrived and was verified, as it arrived, and what is to be done about it. Nothing is ever deleted.
CREATE TABLE inbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order of arrival
    event_id TEXT UNIQUE,                      -- by which duplicates are known; null where the body has none
    event_type TEXT,                           -- what happened, as written; null where the body cannot be read
    received_at INTEGER NOT NULL,              -- when it first arrived, by our clock; all times are Unix milliseconds
    received_count INTEGER NOT NULL DEFAULT 1, -- how often it arrived
    last_received_at INTEGER NOT NULL,         -- when it last arrived
    attempt_number_max INTEGER,                -- the highest attempt_number that arrived; null where the body has none
    portal_id TEXT,                            -- where it happened, whose credentials are needed; null where unknown
    enrollment_id TEXT,                        -- what is to be fetched; null where nothing is
    event_time INTEGER,                        -- when it happened, by the platform's clock; null where nothing is fetched

    -- new            to be fetched at once
    -- waiting        fetched without success, to be fetched again
    -- recorded       its completion stands in completions
    -- noted          known, and there is nothing to fetch
    -- not_completed  the platform says, again and again, that the enrollment is not completed
    -- unresolved     the platform says, again and again, that there is no such enrollment
    -- unsupported    of an event type or a generation that is not known here
    -- unreadable     not an event
    state TEXT NOT NULL CHECK (state IN
        ('new', 'waiting', 'recorded', 'noted', 'not_completed', 'unresolved', 'unsupported', 'unreadable')),
    fetches INTEGER NOT NULL DEFAULT 0,        -- how often the details were asked for without success
    misses INTEGER NOT NULL DEFAULT 0,         -- how many of these the platform answered with "no such" or "not completed"
    due_at INTEGER,                            -- when to fetch; null once that is settled
    reason TEXT,                               -- why it waits, or why nothing came of it, for the operator
    settled_at INTEGER,                        -- when it was settled

    -- Last, because they may be long.
    body BLOB NOT NULL,                        -- the raw bytes of the first arrival, those that were signed
    headers TEXT NOT NULL,                     -- JSON: the headers of the first arrival that belong to the delivery

    CHECK (event_id <> ''),
    CHECK (json_valid(headers)),
    CHECK (received_count >= 1),
    CHECK (attempt_number_max >= 0),
    CHECK (misses BETWEEN 0 AND fetches),
    CHECK ((due_at IS NOT NULL) = (state IN ('new', 'waiting'))),
    CHECK ((settled_at IS NULL) = (state IN ('new', 'waiting'))),
    CHECK ((reason IS NOT NULL) = (state NOT IN ('new', 'recorded', 'noted'))),
    CHECK ((enrollment_id IS NOT NULL)
        = (state IN ('new', 'waiting', 'recorded', 'not_completed', 'unresolved'))),
    CHECK (enrollment_id IS NULL OR (event_id IS NOT NULL AND portal_id IS NOT NULL AND event_time IS NOT NULL)),
    CHECK (event_id IS NOT NULL OR state IN ('unsupported', 'unreadable')),
    CHECK ((event_type IS NULL) = (state = 'unreadable'))
) STRICT;

-- What is due, however long the history.
CREATE INDEX inbox_due ON inbox (due_at) WHERE due_at IS NOT NULL;

-- What has no id is known by its bytes.
CREATE UNIQUE INDEX inbox_body ON inbox (body) WHERE event_id IS NULL;

-- Counting by state, and listing what needs attention.
CREATE INDEX inbox_state ON inbox (state, number);

-- One completion an enrollment, as the platform told it when asked. Nothing is ever deleted.
CREATE TABLE completions (
    enrollment_id TEXT PRIMARY KEY,                          -- what was completed
    cursor INTEGER NOT NULL UNIQUE,                          -- counts the changes to this table; the last one to this row
    event_id TEXT NOT NULL REFERENCES inbox (event_id),      -- the latest event that told of it
    event_time INTEGER NOT NULL,                             -- when that happened, by the platform's clock
    portal_id TEXT NOT NULL,                                 -- where
    lo_id TEXT NOT NULL,                                     -- the content
    user_id TEXT NOT NULL,                                   -- who, as the platform counts
    email TEXT,                                              -- who, as people write to them; null if the platform knows no such user
    status TEXT NOT NULL CHECK (status = 'completed'),       -- nothing else is recorded
    pass INTEGER NOT NULL CHECK (pass IN (0, 1)),            -- whether they passed
    result INTEGER CHECK (result >= 0),                      -- their score; null where there is none
    completed_at INTEGER NOT NULL,                           -- the enrollment's end date, or event_time where it has none
    updated_time INTEGER NOT NULL,                           -- when the enrollment last changed, by the platform's clock
    recorded_at INTEGER NOT NULL,                            -- when this row last changed, by our clock

    CHECK (enrollment_id <> ''),
    CHECK (cursor >= 1)
) STRICT;
