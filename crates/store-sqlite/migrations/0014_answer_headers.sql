-- What a receiver said besides the body of an answer that was no success.

ALTER TABLE attempts ADD COLUMN headers TEXT            -- a line each, such as "server: nginx"; NULL for none, and for a success
    CHECK (headers IS NULL OR status IS NOT NULL);
