-- When content ends, and what is told of it.

ALTER TABLE learning_objects ADD COLUMN flagged_at INTEGER;          -- when it was last said that it ends
ALTER TABLE learning_objects ADD COLUMN retired_at INTEGER;          -- from when on it is out of search
ALTER TABLE learning_objects ADD COLUMN removed_at INTEGER           -- from when on it is gone
    CHECK ((removed_at IS NULL) = (flagged_at IS NULL));
ALTER TABLE learning_objects ADD COLUMN withdrawn_at INTEGER;        -- when a flag was last withdrawn

-- What is like it.
ALTER TABLE learning_objects ADD COLUMN language TEXT;
ALTER TABLE learning_objects ADD COLUMN topics TEXT NOT NULL DEFAULT '[]';       -- names, as JSON
ALTER TABLE learning_objects ADD COLUMN replacements TEXT NOT NULL DEFAULT '[]'; -- numbers, as JSON

-- Transitions that were not applied yet.
CREATE INDEX learning_objects_retiring ON learning_objects (retired_at) WHERE state = 'published' AND retired_at IS NOT NULL;
CREATE INDEX learning_objects_ending ON learning_objects (removed_at) WHERE state <> 'removed' AND removed_at IS NOT NULL;

-- What everybody concerned is told of content, portal by portal.
CREATE TABLE announcements (
    no INTEGER PRIMARY KEY,                              -- in the order in which they were made
    id TEXT NOT NULL UNIQUE,                             -- 12 letters and digits
    lo_id INTEGER NOT NULL REFERENCES learning_objects (id),
    news TEXT NOT NULL CHECK (news IN ('flagged', 'withdrawn', 'removed')),
    occurred_at INTEGER NOT NULL,
    retired_at INTEGER,                                  -- the dates that are told, if it is flagged
    removed_at INTEGER,
    cursor INTEGER NOT NULL,                             -- portals up to this number are told
    portals INTEGER NOT NULL,                            -- how many were told
    finished_at INTEGER,
    CHECK ((removed_at IS NOT NULL) = (news = 'flagged'))
) STRICT;
CREATE INDEX announcements_unfinished ON announcements (no) WHERE finished_at IS NULL;
CREATE INDEX announcements_by_content ON announcements (lo_id, no);

-- Whom content concerns.
CREATE INDEX library_items_by_content ON library_items (lo_id, portal_id);
CREATE INDEX enrollments_by_content ON enrollments (lo_id, portal_id) WHERE standing = 'live';
