-- Times are Unix milliseconds unless a column says otherwise. `version` counts changes of a row, from 1: a change is
-- stored only against the version that was read. On the hot path a list of three or more words is checked with OR: SQLite builds
-- a table for IN, each time.

-- Where the numbers that name things continue. Taken in blocks, so numbers may be skipped.
CREATE TABLE sequences (
    name TEXT PRIMARY KEY,              -- what is numbered
    next INTEGER NOT NULL               -- the first number that nobody has taken
) STRICT, WITHOUT ROWID;
INSERT INTO sequences (name, next)
VALUES ('portal', 11861001), ('user_account', 19491001), ('learning_object', 741001), ('enrollment', 101916001);

-- A sealed text that only the right keys open, so that wrong ones are noticed before anything is sealed under them.
CREATE TABLE key_check (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    sealed BLOB NOT NULL
) STRICT;

-- Tenants: partners and their customers.
CREATE TABLE portals (
    id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    partner_id INTEGER REFERENCES portals (id) CHECK (partner_id <> id),   -- the partner above it
    kind TEXT NOT NULL CHECK (kind IN ('customer', 'distribution_partner')),
    name TEXT NOT NULL,
    domain TEXT NOT NULL UNIQUE CHECK (domain = lower(domain)),            -- its host name
    timezone TEXT NOT NULL,                                                -- an IANA name
    country TEXT,
    industry TEXT,
    company_size INTEGER,
    external_customer_id TEXT,                                             -- the integrator's own id for it
    child_enrollment_events INTEGER NOT NULL CHECK (child_enrollment_events IN (0, 1)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX portals_by_partner ON portals (partner_id, created_at, id);

-- People in a portal. Never deleted, only blocked.
CREATE TABLE user_accounts (
    id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    guid TEXT NOT NULL UNIQUE,                           -- acc_ and a ULID
    email TEXT NOT NULL COLLATE NOCASE,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    username TEXT NOT NULL,
    roles TEXT NOT NULL CHECK (roles <> ''),             -- names, separated by commas
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    external_user_id TEXT,                               -- the integrator's own id for the person
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (portal_id, email)
) STRICT;
CREATE INDEX user_accounts_by_creation ON user_accounts (portal_id, created_at, id);

-- Content, owned by one portal.
CREATE TABLE learning_objects (
    id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    content_id TEXT NOT NULL UNIQUE,                     -- con_ and a ULID
    owner_id INTEGER NOT NULL REFERENCES portals (id),
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    external_id TEXT,                                    -- the owner's own id for it
    state TEXT NOT NULL CHECK (state IN ('draft', 'published', 'retired', 'removed')),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX learning_objects_by_external_id ON learning_objects (owner_id, external_id) WHERE external_id IS NOT NULL;

CREATE INDEX learning_objects_by_any_external_id ON learning_objects (external_id) WHERE external_id IS NOT NULL;

-- Which portals hold which content.
CREATE TABLE library_items (
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    lo_id INTEGER NOT NULL REFERENCES learning_objects (id),
    PRIMARY KEY (portal_id, lo_id)
) STRICT, WITHOUT ROWID;

-- A learner's way through one learning object.
CREATE TABLE enrollments (
    id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    user_account_id INTEGER NOT NULL REFERENCES user_accounts (id),
    lo_id INTEGER NOT NULL REFERENCES learning_objects (id),
    parent_id INTEGER NOT NULL,                          -- the enrollment in the whole; 0 for none
    enrollment_type TEXT NOT NULL CHECK (enrollment_type IN ('assigned', 'self-directed')),
    original_type TEXT NOT NULL CHECK (original_type IN ('assigned', 'self-directed')),  -- as it was made
    assigner_id INTEGER,
    assigned_at INTEGER,
    status TEXT NOT NULL CHECK (status = 'not-started' OR status = 'in-progress' OR status = 'completed'),
    started_at INTEGER,
    completed_at INTEGER,
    result INTEGER CHECK (result BETWEEN 0 AND 100),
    pass INTEGER CHECK (pass IN (0, 1)),
    due_at INTEGER,                                      -- by when the learner should complete
    standing TEXT NOT NULL CHECK (standing = 'live' OR standing = 'archived' OR standing = 'deleted'),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((started_at IS NULL) = (status = 'not-started')),
    CHECK ((completed_at IS NULL) = (status <> 'completed')),
    CHECK (status <> 'not-started' OR (result IS NULL AND pass IS NULL)),
    CHECK (status <> 'completed' OR pass IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX enrollments_live ON enrollments (portal_id, user_account_id, lo_id, parent_id) WHERE standing = 'live';
CREATE INDEX enrollments_by_learner ON enrollments (portal_id, user_account_id, created_at, id);
CREATE INDEX enrollments_by_creation ON enrollments (portal_id, created_at, id);
CREATE INDEX enrollments_by_update ON enrollments (portal_id, updated_at, id);

-- Subscriptions. `no` names one within the database, where short keys count.
CREATE TABLE webhooks (
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,                             -- 12 letters and digits
    version INTEGER NOT NULL CHECK (version > 0),
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    name TEXT,
    url TEXT NOT NULL,
    secret BLOB,                                         -- sealed
    previous_secret BLOB,                                -- sealed
    previous_secret_until INTEGER,                       -- until when it still signs
    event_types TEXT NOT NULL CHECK (event_types <> ''), -- separated by commas, in the owner's order
    status TEXT NOT NULL CHECK (status IN ('active', 'owner', 'paused', 'gone', 'failing', 'deleted')),
    timestamp_unit TEXT NOT NULL CHECK (timestamp_unit IN ('seconds', 'milliseconds')),
    oauth2 BLOB,                                         -- sealed JSON
    integration_system_id TEXT,
    failing_since INTEGER,                               -- the first failure since the last success, over all deliveries
    failures INTEGER NOT NULL DEFAULT 0,                 -- how many since then; neither counts as a change of the row
    created_by INTEGER NOT NULL,
    updated_by INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((previous_secret IS NULL) = (previous_secret_until IS NULL)),
    CHECK ((failing_since IS NULL) = (failures = 0))
) STRICT;
CREATE INDEX webhooks_by_portal ON webhooks (portal_id, no);

-- What to look up when an event is born: a row for each event type of each webhook that receives events.
CREATE TABLE webhook_event_types (
    portal_id INTEGER NOT NULL,
    event_type TEXT NOT NULL,
    webhook_no INTEGER NOT NULL REFERENCES webhooks (no),
    PRIMARY KEY (portal_id, event_type, webhook_no)
) STRICT, WITHOUT ROWID;

-- What happened. Never changed.
CREATE TABLE events (
    no INTEGER PRIMARY KEY,                              -- in the order in which they were stored
    id TEXT NOT NULL UNIQUE,                             -- 12 letters and digits
    portal_id INTEGER NOT NULL,
    event_type TEXT NOT NULL,
    subject_id INTEGER NOT NULL,                         -- data.id: an enrollment or a learning object
    data TEXT NOT NULL,                                  -- the data of the envelope, compact JSON
    occurred_at INTEGER NOT NULL,
    deadline_at INTEGER,                                 -- deliveries are not given up before this
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX events_by_subject ON events (subject_id, portal_id);

-- One event to one webhook.
CREATE TABLE deliveries (
    no INTEGER PRIMARY KEY,
    portal_id INTEGER NOT NULL,                          -- the owner of the webhook
    webhook_no INTEGER NOT NULL,
    event_no INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state = 'pending' OR state = 'delivered' OR state = 'failed'),
    due_at INTEGER,                                      -- not before this; while leased, when the lease expires
    lease_expires_at INTEGER,                            -- while leased
    attempt_number INTEGER NOT NULL CHECK (attempt_number >= 0), -- of the last attempt begun; fences the one before
    failures INTEGER NOT NULL CHECK (failures >= 0),     -- recorded: how far the schedule has come
    finished_at INTEGER,
    failed_reason TEXT,
    CHECK ((due_at IS NOT NULL) = (state = 'pending')),
    CHECK ((finished_at IS NULL) = (state = 'pending')),
    CHECK ((failed_reason IS NOT NULL) = (state = 'failed')),
    CHECK (lease_expires_at IS NULL OR lease_expires_at = due_at)
) STRICT;
-- Covers what is pending only, so that finding work does not cost more as history grows.
CREATE INDEX deliveries_due ON deliveries (webhook_no, due_at) WHERE state = 'pending';
CREATE INDEX deliveries_by_webhook ON deliveries (webhook_no, event_no);
CREATE INDEX deliveries_by_portal ON deliveries (portal_id, event_no);
CREATE INDEX deliveries_failed ON deliveries (webhook_no, event_no) WHERE state = 'failed';

-- Attempts that were recorded. A number that is missing was begun by a node that died.
CREATE TABLE attempts (
    delivery_no INTEGER NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    started_at INTEGER NOT NULL,
    took_ms INTEGER NOT NULL,
    status INTEGER,                                      -- of the answer, if there was one
    retry_after_s INTEGER,                               -- what the receiver asked for
    body BLOB,                                           -- the first 16 KiB of the answer
    truncated INTEGER CHECK (truncated IN (0, 1)),       -- whether there was more
    failure TEXT,                                        -- what kind of trouble, if there was no answer
    detail TEXT,                                         -- more about it
    PRIMARY KEY (delivery_no, number),
    CHECK ((status IS NULL) <> (failure IS NULL))
) STRICT, WITHOUT ROWID;

-- Old events told again, step by step.
CREATE TABLE replays (
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,                             -- 12 letters and digits
    portal_id INTEGER NOT NULL,
    webhook_no INTEGER NOT NULL REFERENCES webhooks (no),
    scope TEXT NOT NULL CHECK (scope IN ('failed', 'all')),
    since INTEGER NOT NULL,
    cursor INTEGER NOT NULL,                             -- events up to this number are done
    until INTEGER NOT NULL,                              -- events after this number are not part of it
    deliveries INTEGER NOT NULL,                         -- how many it has made
    stepped_at INTEGER NOT NULL,                         -- when it was last gone on with: the one that waits longest is next
    finished_at INTEGER,
    created_by INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX replays_unfinished ON replays (stepped_at, no) WHERE finished_at IS NULL;
CREATE UNIQUE INDEX replays_one_at_a_time ON replays (webhook_no) WHERE finished_at IS NULL;

-- Programs that may ask for tokens of a portal.
CREATE TABLE oauth_clients (
    id TEXT PRIMARY KEY,
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    user_account_id INTEGER NOT NULL REFERENCES user_accounts (id),
    name TEXT NOT NULL,
    redirect_uri TEXT,
    secret_digest BLOB NOT NULL CHECK (length(secret_digest) = 32),
    scopes TEXT NOT NULL,                                -- separated by spaces
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_clients_by_portal ON oauth_clients (portal_id, created_at);

-- Tokens that were given, by their digests.
CREATE TABLE tokens (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    kind TEXT NOT NULL CHECK (kind IN ('access', 'refresh')),
    client_id TEXT NOT NULL REFERENCES oauth_clients (id),
    portal_id INTEGER NOT NULL,
    user_account_id INTEGER NOT NULL,
    scopes TEXT NOT NULL,                                -- separated by spaces
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER                                      -- when a refresh token was first exchanged
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_expiry ON tokens (expires_at);
