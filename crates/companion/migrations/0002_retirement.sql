-- Content that ends, one row for each portal and content, as the latest event told it. Nothing is ever deleted. All times are
-- Unix milliseconds; those that the platform tells are by its clock, all others by ours.
CREATE TABLE retirements (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- names it
    portal_id TEXT NOT NULL,                   -- where
    lo_id TEXT NOT NULL,                       -- what

    -- flagged    it ends at remove_time
    -- withdrawn  it does not, after all
    -- gone       the platform says that it has ended
    standing TEXT NOT NULL CHECK (standing IN ('flagged', 'withdrawn', 'gone')),
    event_id TEXT NOT NULL,                    -- the event that counts
    event_time INTEGER NOT NULL,               -- when that happened; an earlier one changes nothing
    retire_time INTEGER,                       -- from when on nobody new is enrolled; null where nobody has said
    remove_time INTEGER,                       -- when it ends, as told; null for what was added and never flagged
    deadline INTEGER,                          -- by when it must be removed here: remove_time, or when it was gone earlier
    flagged_since INTEGER,                     -- since when it is flagged, or was when that was withdrawn
    revision INTEGER NOT NULL,                 -- raised whenever its end changes: what people are told of, once
    changed_at INTEGER NOT NULL,               -- when that was last
    round INTEGER NOT NULL,                    -- raised when it changes so much that people are told anew at each threshold
    round_remove_time INTEGER,                 -- the remove_time that the round began with

    title TEXT,                                -- what people call it; null while that is not known
    alternatives TEXT NOT NULL DEFAULT '[]',   -- JSON: what may take its place, the best first
    is_truncated INTEGER NOT NULL DEFAULT 0 CHECK (is_truncated IN (0, 1)), -- whether it has more learners than are kept
    fetched_at INTEGER,                        -- when the platform last told all of this; null while it has not
    fetch_due_at INTEGER,                      -- when it is asked; null when it need not be
    fetches INTEGER NOT NULL DEFAULT 0,        -- how often it was asked without success since
    fetch_reason TEXT,                         -- why not, or what of it could not be had

    removal_asked_at INTEGER,                  -- when the application was first asked to remove it
    removal_tries INTEGER NOT NULL DEFAULT 0,  -- how often that did not succeed
    removal_next_at INTEGER,                   -- when it is asked again; null before the first time, and once it is removed
    removal_reason TEXT,                       -- why it did not succeed
    removed_at INTEGER,                        -- when the application confirmed that it is removed
    removed_by TEXT,                           -- how: hook, or who said so

    UNIQUE (portal_id, lo_id),
    CHECK ((remove_time IS NULL) = (deadline IS NULL)),
    CHECK (remove_time IS NOT NULL OR standing = 'withdrawn'),
    CHECK (standing = 'withdrawn' OR flagged_since IS NOT NULL),
    CHECK ((removed_at IS NULL) = (removed_by IS NULL)),
    CHECK (json_valid(alternatives))
) STRICT;

-- What is to be removed next, and what is listed first.
CREATE INDEX retirements_deadline ON retirements (deadline, number) WHERE deadline IS NOT NULL;

-- What is to be asked of the platform.
CREATE INDEX retirements_fetch ON retirements (fetch_due_at) WHERE fetch_due_at IS NOT NULL;

-- Everything that happened to a retirement, for whoever asks later.
CREATE TABLE retirement_steps (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    retirement INTEGER NOT NULL REFERENCES retirements (number),
    at INTEGER NOT NULL,                       -- when
    what TEXT NOT NULL,                        -- one word: flagged, moved, withdrawn, gone, asked, removed, …
    who TEXT,                                  -- who did it, where a person did
    detail TEXT                                -- the rest, as a sentence
) STRICT;

CREATE INDEX retirement_steps_of ON retirement_steps (retirement, number);

-- Who is enrolled, as the platform last told it.
CREATE TABLE retirement_learners (
    retirement INTEGER NOT NULL REFERENCES retirements (number),
    enrollment_id TEXT NOT NULL,
    user_account_id TEXT NOT NULL,
    status TEXT NOT NULL,                      -- not-started, in-progress, completed
    is_assigned INTEGER NOT NULL CHECK (is_assigned IN (0, 1)), -- whether somebody else wants it
    PRIMARY KEY (retirement, enrollment_id)
) STRICT, WITHOUT ROWID;

-- What administrators decided. The last one since flagged_since counts.
CREATE TABLE retirement_decisions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    retirement INTEGER NOT NULL REFERENCES retirements (number),
    decision TEXT NOT NULL CHECK (decision IN ('expire', 'replace', 'dismiss')),
    replacement_lo_id TEXT,                    -- with what
    reason TEXT,                               -- why
    decided_by TEXT NOT NULL,                  -- who, as they say themselves
    decided_at INTEGER NOT NULL,
    CHECK ((replacement_lo_id IS NOT NULL) = (decision = 'replace')),
    CHECK (reason IS NOT NULL OR decision <> 'dismiss')
) STRICT;

CREATE INDEX retirement_decisions_of ON retirement_decisions (retirement, number);

-- A mail, recorded before it is sent.
CREATE TABLE mails (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    person TEXT NOT NULL,                      -- administrator:<address>, or learner:<portal>:<user account>
    kind TEXT NOT NULL CHECK (kind IN ('notice', 'digest', 'urgent', 'escalation', 'learner')),

    -- planned  to be sent
    -- sent     the mail server took it
    -- dropped  nothing of it was to be told any more
    -- refused  the mail server will never take it, or there is no address
    -- expired  it could not be sent in time
    state TEXT NOT NULL CHECK (state IN ('planned', 'sent', 'dropped', 'refused', 'expired')),
    created_at INTEGER NOT NULL,               -- also the date in the mail
    due_at INTEGER,                            -- when it is sent, or tried again; null once it is settled
    tries INTEGER NOT NULL DEFAULT 0,          -- how often it was tried without success
    reason TEXT,                               -- why without, for the operator
    settled_at INTEGER,
    CHECK ((due_at IS NOT NULL) = (state = 'planned')),
    CHECK ((settled_at IS NULL) = (state = 'planned'))
) STRICT;

CREATE INDEX mails_due ON mails (due_at) WHERE due_at IS NOT NULL;

-- What a mail tells, of one retirement each. Never the same twice to the same person.
CREATE TABLE mail_items (
    mail INTEGER NOT NULL REFERENCES mails (number),
    person TEXT NOT NULL,                      -- that of the mail
    retirement INTEGER NOT NULL REFERENCES retirements (number),
    -- news       that it ends, when, or that it does not: mark is the revision
    -- threshold  that it ends soon: mark is the days
    -- escalation that it is not removed: mark is how late it is, 1 to 3
    -- removed    that it is removed: mark is 0
    -- stays      that it does not end: mark is 0
    kind TEXT NOT NULL CHECK (kind IN ('news', 'threshold', 'escalation', 'removed', 'stays')),
    mark INTEGER NOT NULL,
    round INTEGER NOT NULL,                    -- of the retirement
    days INTEGER,                              -- the threshold that was told with it; null where it is further off
    enrollment_id TEXT,                        -- the learner's; null for administrators
    dropped TEXT,                              -- why it was not told after all
    PRIMARY KEY (person, retirement, kind, mark, round)
) STRICT, WITHOUT ROWID;

CREATE INDEX mail_items_of ON mail_items (mail);
CREATE INDEX mail_items_about ON mail_items (retirement);

-- Who wants to hear no more of what.
CREATE TABLE mutes (
    person TEXT NOT NULL,
    retirement INTEGER NOT NULL REFERENCES retirements (number),
    muted_at INTEGER NOT NULL,
    PRIMARY KEY (person, retirement)
) STRICT, WITHOUT ROWID;

-- Up to when what comes at certain hours was seen to.
CREATE TABLE slots (
    name TEXT PRIMARY KEY,                     -- the digest of a person, the learners of a portal
    at INTEGER NOT NULL                        -- the last such hour
) STRICT, WITHOUT ROWID;

-- The secret addresses of calendars.
CREATE TABLE calendars (
    person TEXT PRIMARY KEY,
    token_digest BLOB NOT NULL UNIQUE CHECK (length(token_digest) = 32), -- SHA-256; the token itself is kept nowhere
    made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What links in mails are signed with. Whoever has it can mute notices, and nothing else.
CREATE TABLE link_key (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    key BLOB NOT NULL CHECK (length(key) = 32),
    replayed_at INTEGER                        -- when content events from before this table were read; null while they were not
) STRICT;
