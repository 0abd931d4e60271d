-- What administrators are told of their webhooks.

-- The last warning that was given of the failures; neither does it count as a change of the row.
ALTER TABLE webhooks ADD COLUMN warned TEXT
    CHECK (warned IS NULL OR (warned IN ('first', 'second', 'last') AND failing_since IS NOT NULL));

-- Each says all of what it tells: the webhook may be another one, or gone, when it is read.
CREATE TABLE notices (
    no INTEGER PRIMARY KEY,                              -- in the order in which they were stored
    id TEXT NOT NULL UNIQUE,                             -- 12 letters and digits
    portal_id INTEGER NOT NULL,                          -- the owner of the webhook
    webhook_id TEXT NOT NULL,
    webhook_name TEXT,                                   -- as it was
    host TEXT NOT NULL,                                  -- that it led to
    kind TEXT NOT NULL CHECK (kind IN ('failing', 'stopped_failing', 'stopped_gone', 'given_up')),
    warning TEXT CHECK (warning IN ('first', 'second', 'last')), -- how urgent it is
    since INTEGER,                                       -- the first failure; of given_up: the oldest event
    count INTEGER CHECK (count > 0),                     -- how many failures, or deliveries
    event_id TEXT,                                       -- of the first delivery that was given up
    met TEXT NOT NULL,                                   -- what the last attempt met
    at INTEGER NOT NULL,
    mail_due_at INTEGER,                                 -- when mail is made of it; null once it is
    CHECK ((warning IS NOT NULL) = (kind = 'failing')),
    CHECK ((since IS NULL) = (kind = 'stopped_gone')),
    CHECK ((count IS NULL) = (kind = 'stopped_gone')),
    CHECK ((event_id IS NOT NULL) = (kind = 'given_up'))
) STRICT;
CREATE INDEX notices_by_portal ON notices (portal_id, no);
CREATE INDEX notices_by_webhook ON notices (webhook_id, kind, no);
CREATE INDEX notices_by_time ON notices (at);
CREATE INDEX notices_to_mail ON notices (mail_due_at) WHERE mail_due_at IS NOT NULL;

-- One notice to one administrator.
CREATE TABLE notice_mails (
    no INTEGER PRIMARY KEY,
    notice_no INTEGER NOT NULL REFERENCES notices (no),
    user_account_id INTEGER NOT NULL,
    address TEXT NOT NULL,                               -- as it was when the mail was made
    state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'failed')),
    due_at INTEGER,                                      -- not before this; while leased, when the lease expires
    lease_expires_at INTEGER,                            -- while leased
    attempt_number INTEGER NOT NULL CHECK (attempt_number >= 0), -- of the last attempt begun; fences the one before
    finished_at INTEGER,
    error TEXT,                                          -- what the last attempt that failed met
    UNIQUE (notice_no, user_account_id),
    CHECK ((due_at IS NOT NULL) = (state = 'pending')),
    CHECK ((finished_at IS NULL) = (state = 'pending')),
    CHECK (lease_expires_at IS NULL OR lease_expires_at = due_at)
) STRICT;
CREATE INDEX notice_mails_due ON notice_mails (due_at) WHERE state = 'pending';

-- Finding the few among the many.
CREATE INDEX user_accounts_administrators ON user_accounts (portal_id, id)
    WHERE active = 1 AND instr(',' || roles || ',', ',Administrator,') > 0;
