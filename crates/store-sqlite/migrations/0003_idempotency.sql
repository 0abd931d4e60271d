-- Answers that are given again for the same key.
CREATE TABLE idempotency_keys (
    client_id TEXT NOT NULL REFERENCES oauth_clients (id),   -- whose key it is
    key_digest BLOB NOT NULL CHECK (length(key_digest) = 32),
    request_digest BLOB NOT NULL CHECK (length(request_digest) = 32), -- of what was asked for
    run BLOB NOT NULL CHECK (length(run) = 16),              -- which of the requests with the key it was
    begun_at INTEGER NOT NULL,
    status INTEGER CHECK (status BETWEEN 100 AND 599),       -- of the answer, once that is kept
    content BLOB,                                            -- sealed: a line with its type, then the text; none if it is too long
    CHECK (content IS NULL OR status IS NOT NULL),
    PRIMARY KEY (client_id, key_digest)
) STRICT;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (begun_at);
