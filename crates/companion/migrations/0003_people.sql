-- The people that the integrator knows, as their own list has them. The one table from which rows are deleted: with an import that
-- says so, those who are not in it any more. All times are Unix milliseconds by our clock.
CREATE TABLE people (
    number INTEGER PRIMARY KEY,
    portal_id TEXT NOT NULL,                           -- in which portal they are known by that id; '' in all
    external_id TEXT NOT NULL,                         -- what the integrator calls them
    email TEXT,                                        -- where mail reaches them; null where the list does not say
    name TEXT,                                         -- what people call them, which matches nobody; null where the list does not say
    import INTEGER NOT NULL,                           -- the import that they were last in
    imported_at INTEGER NOT NULL,                      -- when that was

    UNIQUE (external_id, portal_id),
    CHECK (external_id <> ''),
    CHECK (email <> ''),
    CHECK (name <> '')
) STRICT;

-- Who has an address, whatever its case.
CREATE INDEX people_email ON people (lower(email)) WHERE email IS NOT NULL;

-- Learners in whom nobody was recognised, one row for each. While no people are known, nobody is looked for.
CREATE TABLE learners (
    number INTEGER PRIMARY KEY AUTOINCREMENT,          -- names them
    portal_id TEXT NOT NULL,                           -- where
    key_kind TEXT NOT NULL CHECK (key_kind IN ('external_id', 'user_id')), -- by what they are known: what the LMS passed, if it did
    key TEXT NOT NULL,                                 -- that id
    user_id TEXT NOT NULL,                             -- who, as the platform counts; the last one that was told
    email TEXT,                                        -- their address; null if none was told
    name TEXT,                                         -- what the LMS calls them, for whoever looks; null if it does not say

    -- open     nobody is known to be this learner
    -- linked   somebody said who it is
    -- matched  it turned out later
    state TEXT NOT NULL CHECK (state IN ('open', 'linked', 'matched')),
    reason TEXT NOT NULL,                              -- why nobody was recognised at first
    person TEXT,                                       -- who it is: the external id in people
    settled_by TEXT,                                   -- who said so
    settled_at INTEGER,                                -- when
    first_at INTEGER NOT NULL,                         -- when they were first looked for
    last_at INTEGER NOT NULL,                          -- when a completion last told of them

    UNIQUE (portal_id, key_kind, key),
    CHECK (key <> ''),
    CHECK ((state = 'open') = (person IS NULL)),
    CHECK ((state = 'open') = (settled_at IS NULL)),
    CHECK ((state = 'linked') = (settled_by IS NOT NULL))
) STRICT;

-- The queue, the newest first.
CREATE INDEX learners_state ON learners (state, number);

-- What the LMS passed, of what was selected; null where it passed nothing, or was not asked.
ALTER TABLE completions ADD COLUMN external_id TEXT CHECK (external_id <> '');

-- Where it was read who completed: learning-activity where that had an id.
ALTER TABLE completions ADD COLUMN details_from TEXT NOT NULL DEFAULT 'enrollment'
    CHECK (details_from IN ('enrollment', 'learning-activity') AND (details_from = 'enrollment') = (external_id IS NULL));

-- The learner who was looked for; null where somebody was recognised at once, or nobody looked.
ALTER TABLE completions ADD COLUMN learner INTEGER REFERENCES learners (number);

-- Who it is: the external id in people, as it was when it was found; null while nobody was.
ALTER TABLE completions ADD COLUMN person TEXT CHECK (person <> '');

-- By what: somebody said so, by the id that the LMS passed, by the e-mail address.
ALTER TABLE completions ADD COLUMN matched_by TEXT
    CHECK (matched_by IN ('link', 'external_id', 'email') AND (matched_by IS NULL) = (person IS NULL));

-- The completions of a learner.
CREATE INDEX completions_learner ON completions (learner, cursor) WHERE learner IS NOT NULL;
