-- Who did what, when, and what changed; and tokens that end with the account that they act through.

-- Rows are never updated. Each says all of what it tells: neither the actor nor the subject need be there any more when it is read.
CREATE TABLE audit_entries (
    no INTEGER PRIMARY KEY AUTOINCREMENT,                -- in the order in which they were stored; never used again
    portal_id INTEGER NOT NULL,                          -- to which it was done
    at INTEGER NOT NULL,                                 -- when it was done
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('client', 'person', 'operator', 'unknown')),
    actor_id TEXT,                                       -- of the client or the account, or the operator's name
    actor_name TEXT,                                     -- what people called the actor then
    actor_portal_id INTEGER,                             -- to which the actor belongs
    actor_account_id INTEGER,                            -- that acts, or is acted through
    channel TEXT NOT NULL CHECK (channel IN ('api', 'hub', 'cli')),
    action TEXT NOT NULL,                                -- such as webhook.update
    subject_id TEXT NOT NULL,
    subject_name TEXT,                                   -- what people called the subject then
    changes TEXT NOT NULL,                               -- JSON: a list of [field, from or null, to or null]
    CHECK ((actor_id IS NULL) = (actor_kind = 'unknown')),
    CHECK ((actor_portal_id IS NOT NULL) = (actor_kind IN ('client', 'person'))),
    CHECK ((actor_account_id IS NOT NULL) = (actor_kind IN ('client', 'person')))
) STRICT;
CREATE INDEX audit_entries_by_portal ON audit_entries (portal_id, no);
CREATE INDEX audit_entries_by_time ON audit_entries (at);

-- When the account was last blocked: the tokens that were made until then are ended, also when it is let in again.
ALTER TABLE user_accounts ADD COLUMN tokens_ended_at INTEGER;
UPDATE user_accounts
SET tokens_ended_at = updated_at
WHERE active = 0;
