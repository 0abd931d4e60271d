-- What webhooks were when an event was born, and how long events are kept.

-- What decides whether a webhook is told of an event: a row for each change of it. Of the rows from before an event, the last
-- one counts. What was changed twice with no event between is one row.
CREATE TABLE webhook_history (
    webhook_no INTEGER NOT NULL REFERENCES webhooks (no),
    from_event_no INTEGER NOT NULL,                      -- events after this one
    event_types TEXT,                                    -- as in webhooks; null where nobody kept it
    status TEXT,                                         -- as in webhooks; null where nobody kept it
    PRIMARY KEY (webhook_no, from_event_no),
    CHECK ((event_types IS NULL) = (status IS NULL))
) STRICT, WITHOUT ROWID;

-- The webhooks that are there: since they were made it is not known what they were, unless they never changed; from now on it is.
CREATE INDEX events_by_time ON events (created_at);
INSERT INTO webhook_history (webhook_no, from_event_no, event_types, status)
SELECT
    no,
    coalesce(
        (SELECT no FROM events WHERE events.created_at < webhooks.created_at ORDER BY events.created_at DESC LIMIT 1),
        0
    ),
    CASE WHEN version = 1 THEN event_types END,
    CASE WHEN version = 1 THEN status END
FROM webhooks;
INSERT OR REPLACE INTO webhook_history (webhook_no, from_event_no, event_types, status)
SELECT no, (SELECT coalesce(max(no), 0) FROM events), event_types, status
FROM webhooks
WHERE version > 1;
DROP INDEX events_by_time;

-- How far pruning has come.
CREATE TABLE pruned (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    events_before INTEGER NOT NULL                       -- events stored before this may be gone
) STRICT;

-- The events of a portal, newest first, of each type.
CREATE INDEX events_by_portal ON events (portal_id, event_type);
-- What is old enough to be pruned, and what keeps it from being so.
CREATE INDEX replays_finished ON replays (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX replays_by_webhook ON replays (webhook_no);
CREATE INDEX webhook_event_types_by_webhook ON webhook_event_types (webhook_no);
CREATE INDEX webhooks_deleted ON webhooks (updated_at) WHERE status = 'deleted';
