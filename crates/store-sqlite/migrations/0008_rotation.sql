-- More than one replaced secret of a webhook may still sign.

ALTER TABLE webhooks ADD COLUMN earlier_secrets BLOB                 -- sealed JSON: those before previous_secret, newest first, and
    CHECK (earlier_secrets IS NULL OR previous_secret IS NOT NULL);  -- until when each still signs
