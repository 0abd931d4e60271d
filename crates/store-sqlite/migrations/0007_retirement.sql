-- When content ends, and what is told of it.

ALTER TABLE learning_objects ADD COLUMN flagged_at INTEGER;          -- when it was last said that it ends
ALTER TABLE learning_objects ADD COLUMN retired_at INTEGER;          -- from when on it is out of search
ALTER TABLE learning_objects ADD COLUMN removed_at INTEGER           -- from when on it is gone
    CHECK ((removed_at IS NULL) = (flagged_at IS NULL));
ALTER TABLE learning_objects ADD COLUMN withdrawn_at INTEGER;        -- when a flag was last withdrawn
