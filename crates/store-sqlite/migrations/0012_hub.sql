-- Who may sign in to the Hub, who is signed in, and what its pages show at a glance.

-- What is kept of people's passwords: argon2id.
CREATE TABLE passwords (
    user_account_id INTEGER PRIMARY KEY REFERENCES user_accounts (id),
    salt BLOB NOT NULL CHECK (length(salt) = 16),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    memory_kib INTEGER NOT NULL,                         -- what the hash took, and the next two
    passes INTEGER NOT NULL,
    lanes INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
-- The few who may sign in among all who learn.
CREATE INDEX user_accounts_by_email ON user_accounts (email) WHERE roles <> 'Learner';

-- People who are signed in, by the digests of what is in their cookies.
CREATE TABLE hub_sessions (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    portal_id INTEGER NOT NULL,
    user_account_id INTEGER NOT NULL REFERENCES user_accounts (id),
    created_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL                             -- when it was last noted that they did something
) STRICT, WITHOUT ROWID;
CREATE INDEX hub_sessions_by_account ON hub_sessions (user_account_id);
CREATE INDEX hub_sessions_by_use ON hub_sessions (used_at);
CREATE INDEX hub_sessions_by_age ON hub_sessions (created_at);

-- How many attempts of a webhook went well and how many did not, hour by hour, for the last two days of each.
CREATE TABLE webhook_hours (
    webhook_no INTEGER NOT NULL REFERENCES webhooks (no),
    hour INTEGER NOT NULL,                               -- of UTC, counted from 1970
    succeeded INTEGER NOT NULL CHECK (succeeded >= 0),
    failed INTEGER NOT NULL CHECK (failed >= 0),
    PRIMARY KEY (webhook_no, hour)
) STRICT, WITHOUT ROWID;

-- How often its owner asked for something to be told while it failed: whatever was learned of its receiver before is to be forgotten.
ALTER TABLE webhooks ADD COLUMN chances INTEGER NOT NULL DEFAULT 0;
