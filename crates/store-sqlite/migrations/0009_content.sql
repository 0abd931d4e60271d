-- What is played, and the packages that were uploaded.

ALTER TABLE learning_objects ADD COLUMN content_kind TEXT            -- which of them `content` is; null: it is not said
    CHECK (content_kind IN ('text', 'video', 'link', 'package'));
ALTER TABLE learning_objects ADD COLUMN content TEXT                 -- the Markdown, the address, or the id of the package
    CHECK ((content IS NULL) = (content_kind IS NULL));

-- Uploaded packages. `no` names one within the database, where short keys count.
CREATE TABLE packages (
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,                             -- 32 hex digits; who has it may fetch the files
    portal_id INTEGER NOT NULL REFERENCES portals (id),  -- the owner of the content
    lo_id INTEGER NOT NULL REFERENCES learning_objects (id),
    edition TEXT NOT NULL CHECK (edition IN ('1.2', '2004-2', '2004-3', '2004-4')),
    title TEXT NOT NULL,                                 -- as its manifest has it
    entry TEXT NOT NULL CHECK (entry <> ''),             -- what is opened first: a relative reference
    launch_data TEXT,                                    -- what its manifest wants handed to it
    mastery_score TEXT,                                  -- what its manifest wants for a pass: a decimal number, 0 to 100
    files INTEGER NOT NULL CHECK (files > 0),            -- how many
    bytes INTEGER NOT NULL CHECK (bytes > 0),            -- of all files together
    state TEXT NOT NULL                                  -- uploading: not all of it is there; played: its content points to it;
        CHECK (state IN ('uploading', 'played', 'replaced', 'dropped')),  -- replaced: it did; dropped: being deleted
    state_at INTEGER NOT NULL,                           -- when it came to be so
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX packages_played ON packages (lo_id) WHERE state = 'played';
CREATE INDEX packages_not_played ON packages (state, state_at) WHERE state <> 'played';
CREATE INDEX packages_by_portal ON packages (portal_id, bytes);

-- The files of packages.
CREATE TABLE package_files (
    no INTEGER PRIMARY KEY,
    package_no INTEGER NOT NULL REFERENCES packages (no),
    path TEXT NOT NULL CHECK (path <> ''),               -- from the root of the package, with forward slashes
    bytes INTEGER NOT NULL CHECK (bytes >= 0),           -- of all its chunks together
    UNIQUE (package_no, path)
) STRICT;

-- What is in the files. All chunks but the last of a file are full, so that any place in it is found by division; an empty file has
-- none.
CREATE TABLE package_chunks (
    file_no INTEGER NOT NULL REFERENCES package_files (no),
    n INTEGER NOT NULL CHECK (n >= 0),                   -- counts from 0
    bytes BLOB NOT NULL CHECK (length(bytes) BETWEEN 1 AND 262144),
    PRIMARY KEY (file_no, n)
) STRICT;
