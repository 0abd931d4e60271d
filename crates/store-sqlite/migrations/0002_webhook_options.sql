-- What a webhook may have besides: a rate, headers of its own, tests.

ALTER TABLE webhooks ADD COLUMN rate_limit INTEGER                   -- requests a second, at most
    CHECK (rate_limit BETWEEN 1 AND 1000);
ALTER TABLE webhooks ADD COLUMN headers BLOB;                        -- sealed JSON: what is added to every request

-- Set for a test: the one webhook that is told of it.
ALTER TABLE events ADD COLUMN test_webhook_no INTEGER;
CREATE INDEX events_tests ON events (test_webhook_no, no) WHERE test_webhook_no IS NOT NULL;
