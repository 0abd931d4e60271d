-- Playing: enrollments that an LMS launched, what it passed, and who may open what.

ALTER TABLE enrollments ADD COLUMN destination_id INTEGER NOT NULL DEFAULT 0; -- the LMS that launched it; 0 for none
DROP INDEX enrollments_live;
CREATE UNIQUE INDEX enrollments_live ON enrollments (portal_id, user_account_id, lo_id, parent_id, destination_id)
    WHERE standing = 'live';

-- The accounts that were made for those who came by a package.
CREATE TABLE scorm_learners (
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    learner BLOB NOT NULL CHECK (length(learner) = 32),  -- keyed digest of the id by which the LMS knows them
    user_account_id INTEGER NOT NULL REFERENCES user_accounts (id),
    PRIMARY KEY (portal_id, learner)
) STRICT, WITHOUT ROWID;

-- Who launched something at a destination: each counts once against its limit.
CREATE TABLE seats (
    destination_id INTEGER NOT NULL REFERENCES destinations (id),
    learner BLOB NOT NULL CHECK (length(learner) = 32),  -- as in scorm_learners
    user_account_id INTEGER NOT NULL REFERENCES user_accounts (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (destination_id, learner)
) STRICT, WITHOUT ROWID;

-- One launch each. `no` names one within the database, where short keys count.
CREATE TABLE learning_activities (
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,                             -- 12 letters and digits
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    enrollment_id INTEGER NOT NULL REFERENCES enrollments (id),
    lo_id INTEGER NOT NULL REFERENCES learning_objects (id),
    user_account_id INTEGER NOT NULL REFERENCES user_accounts (id),
    destination_id INTEGER NOT NULL REFERENCES destinations (id),
    scorm_version TEXT NOT NULL CHECK (scorm_version IN ('1.2', '2004')),
    write_sequence INTEGER,                              -- the last record that said what came of writing to the LMS
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL                          -- when something was last passed
) STRICT;
CREATE INDEX learning_activities_by_enrollment ON learning_activities (enrollment_id, no);

-- The last value of each name that a launch passed.
CREATE TABLE learning_activity_values (
    activity_no INTEGER NOT NULL REFERENCES learning_activities (no),
    name TEXT NOT NULL,
    value TEXT NOT NULL,                                 -- a JSON string: half of a surrogate pair has no other form
    sequence INTEGER NOT NULL,                           -- of the record that it comes from
    PRIMARY KEY (activity_no, name)
) STRICT, WITHOUT ROWID;

-- All that LMSs passed, as it came. Never changed.
CREATE TABLE scorm_records (
    activity_no INTEGER NOT NULL REFERENCES learning_activities (no),
    sequence INTEGER NOT NULL CHECK (sequence >= 0),     -- in the order in which it was passed; 0 is the launch
    kind TEXT NOT NULL CHECK (kind IN ('launch', 'commit', 'exit')),
    passed TEXT NOT NULL,                                -- the JSON object of names and values, byte for byte
    lms_write TEXT CHECK (lms_write IN ('ok', 'refused')), -- what came of writing to the LMS, if that was said
    lms_write_element TEXT,                              -- of a refusal: what was written to,
    lms_write_code TEXT,                                 -- the number of the error,
    lms_write_text TEXT,                                 -- and what the LMS says about it
    at INTEGER NOT NULL,
    CHECK ((sequence = 0) = (kind = 'launch')),
    CHECK ((lms_write_element IS NOT NULL) = (lms_write IS 'refused')),
    CHECK ((lms_write_code IS NULL) = (lms_write_element IS NULL)),
    CHECK ((lms_write_text IS NULL) = (lms_write_element IS NULL)),
    PRIMARY KEY (activity_no, sequence)
) STRICT;

-- What opens the player once, by its digest.
CREATE TABLE one_time_tokens (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    portal_id INTEGER NOT NULL,
    user_account_id INTEGER NOT NULL,
    lo_id INTEGER,                                       -- the only content that it opens; null for any
    enrollment_id INTEGER,                               -- where the launch led, if it came of one
    activity_id TEXT,
    destination_id INTEGER,
    origin TEXT,                                         -- whose page the package is, if the browser said so
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    CHECK ((activity_id IS NULL) = (enrollment_id IS NULL)),
    CHECK ((destination_id IS NULL) = (enrollment_id IS NULL)),
    CHECK (origin IS NULL OR destination_id IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX one_time_tokens_by_expiry ON one_time_tokens (expires_at);

-- Who may speak for a learner in one enrollment, by the digest of what they have.
CREATE TABLE play_sessions (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    holder TEXT NOT NULL CHECK (holder IN ('player', 'package')),
    portal_id INTEGER NOT NULL,
    user_account_id INTEGER NOT NULL,
    lo_id INTEGER NOT NULL,
    enrollment_id INTEGER NOT NULL,
    activity_id TEXT,                                    -- the launch, if it came of one
    destination_id INTEGER,
    sequence INTEGER NOT NULL CHECK (sequence >= 0),     -- the last progress that it reported, by its own count
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CHECK ((destination_id IS NULL) = (activity_id IS NULL)),
    CHECK (holder = 'player' OR activity_id IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX play_sessions_by_expiry ON play_sessions (expires_at);

-- Where learners stand in content, for the content itself.
CREATE TABLE places (
    enrollment_id INTEGER PRIMARY KEY REFERENCES enrollments (id),
    location TEXT,                                       -- in the content's own words
    resume TEXT,                                         -- what the content keeps, in its own words
    share REAL CHECK (share BETWEEN 0 AND 1),            -- how much is done
    updated_at INTEGER NOT NULL
) STRICT;
