//! Learning objects and the libraries that hold them.

use async_trait::async_trait;
use domain::change::Change;
use domain::id::{LearningObjectId, PortalId};
use domain::learning_object::{Content, LearningObject, LifecycleState, Retirement};
use jiff::Timestamp;
use sqlite::rusqlite::types::Value;
use sqlite::rusqlite::{Connection, Row, params};
use store::error::{Result, StoreError};
use store::learning_object::{LearningObjectFilter, LearningObjectRef, LearningObjectSort, LearningObjects, SortedBy};
use store::page::{Listed, Order, PageRequest};

use crate::error::{VerbError, expect_one, on_duplicate};
use crate::query::{Conditions, Listing, direction, row};
use crate::row::{RowExt, unreadable};
use crate::{SqliteStore, package, retirement};

pub(crate) const COLUMNS: &str =
    "lo.id, version, content_id, owner_id, kind, title, description, external_id, state, flagged_at, retired_at,
    removed_at, withdrawn_at, language, topics, replacements, content_kind, content, created_at, updated_at";
const HELD_OR_OWNED: &str =
    "(owner_id = ?2 OR EXISTS (SELECT 1 FROM library_items WHERE portal_id = ?2 AND lo_id = lo.id))";
const OFFERED: &str = "(owner_id = ?2 OR owner_id = (SELECT partner_id FROM portals WHERE id = ?2)
    OR EXISTS (SELECT 1 FROM library_items WHERE portal_id = ?2 AND lo_id = lo.id))";

/// Its dates decide where it stands, as in `LearningObject::state_at`.
const STATE_IS_ONE_OF: &str = "CASE
        WHEN state = 'draft' THEN 'draft'
        WHEN state = 'removed' OR removed_at <= ? THEN 'removed'
        WHEN state = 'retired' OR retired_at <= ? THEN 'retired'
        ELSE 'published'
    END IN (?, ?, ?, ?)";

#[async_trait]
impl LearningObjects for SqliteStore {
    async fn find_learning_object(
        &self,
        portal_id: PortalId,
        reference: &LearningObjectRef,
    ) -> Result<Option<LearningObject>> {
        self.read("find_learning_object", |connection| find(connection, HELD_OR_OWNED, portal_id, reference))
    }

    async fn find_offered_learning_object(
        &self,
        portal_id: PortalId,
        reference: &LearningObjectRef,
    ) -> Result<Option<LearningObject>> {
        self.read("find_offered_learning_object", |connection| find(connection, OFFERED, portal_id, reference))
    }

    async fn list_learning_objects(
        &self,
        portal_id: PortalId,
        filter: &LearningObjectFilter,
        page: PageRequest,
    ) -> Result<Listed<LearningObject>> {
        let verb = "list_learning_objects";
        let mut conditions = Conditions::default();
        conditions.with("item.portal_id = ?", Some(portal_id.0));
        conditions.one_of("lo.id", filter.ids.as_ref().map(|ids| ids.iter().map(|id| id.0)));
        conditions.contains("title", filter.keyword.as_deref());
        conditions.one_of("kind", filter.kinds.clone());
        conditions.with_all(STATE_IS_ONE_OF, filter.states.as_ref().map(|(states, now)| state_values(states, *now)));
        if let Some(is_flagged) = filter.is_flagged {
            conditions.holds(if is_flagged { "removed_at IS NOT NULL" } else { "removed_at IS NULL" });
        }
        let direction = direction(filter.order);
        let by = match filter.sort {
            LearningObjectSort::Created => "created_at",
            LearningObjectSort::Updated => "updated_at",
            LearningObjectSort::Title => "title COLLATE NOCASE",
            LearningObjectSort::Removal => "ifnull(removed_at, 9223372036854775807)",
        };
        let beyond = match filter.order {
            Order::Ascending => ">",
            Order::Descending => "<",
        };
        let place = filter.after.as_ref().map(|place| {
            let value = match &place.value {
                SortedBy::Millis(millis) => Value::from(*millis),
                SortedBy::Title(title) => Value::from(title.clone()),
            };
            [value, Value::from(place.id.0)]
        });
        conditions.with_all(&format!("({by}, lo.id) {beyond} (?, ?)"), place);
        let order = format!("{by} {direction}, lo.id {direction}");
        let from = "library_items item JOIN learning_objects lo ON lo.id = item.lo_id";
        self.scan(verb, move |connection| {
            Listing { verb, columns: COLUMNS, from, conditions, order }.page(connection, page, decode)
        })
        .await
    }

    async fn save_learning_object(&self, change: Change<LearningObject>) -> Result<()> {
        self.write("save_learning_object", move |connection| save(connection, &change.after)).await
    }

    async fn save_library_items(&self, portal_id: PortalId, items: &[LearningObjectId], now: Timestamp) -> Result<()> {
        let (items, mut publisher) = (items.to_vec(), self.publisher(Vec::new()).await);
        let verb = move |connection: &Connection| {
            for item in items {
                // Whoever takes content that is flagged is told so.
                if hold(connection, portal_id, item)? {
                    retirement::tell_late(connection, &mut publisher, portal_id, item, now)?;
                }
            }
            Ok(())
        };
        self.write_and_wake("save_library_items", verb).await
    }

    async fn prune_library_items(&self, portal_id: PortalId, items: &[LearningObjectId]) -> Result<()> {
        let items = items.to_vec();
        let verb = move |connection: &Connection| {
            for item in items {
                connection
                    .prepare_cached(
                        "-- prune_library_items
                        DELETE FROM library_items
                        WHERE portal_id = ?1 AND lo_id = ?2",
                    )?
                    .execute((portal_id.0, item.0))?;
            }
            Ok(())
        };
        self.write("prune_library_items", verb).await
    }
}

/// The time, twice, and the states, any of them as often as it takes.
fn state_values(states: &[LifecycleState], now: Timestamp) -> [Value; 6] {
    let state =
        |n: usize| states.get(n).or(states.first()).map_or(Value::Null, |state| Value::from(state.as_str().to_owned()));
    let now = Value::from(now.as_millisecond());
    [now.clone(), now, state(0), state(1), state(2), state(3)]
}

fn find(
    connection: &Connection,
    visible: &str,
    portal_id: PortalId,
    reference: &LearningObjectRef,
) -> Result<Option<LearningObject>, VerbError> {
    let (column, value) = match reference {
        LearningObjectRef::Id(id) => ("lo.id", Value::from(id.0)),
        LearningObjectRef::Content(id) => ("content_id", Value::from(id.as_str().to_owned())),
        LearningObjectRef::External(id) => ("external_id", Value::from(id.clone())),
    };
    // Several owners may use one external id: the portal's own content comes first, then the oldest.
    let sql = format!(
        "-- find_learning_object
        SELECT {COLUMNS}
        FROM learning_objects lo
        WHERE {column} = ?1 AND {visible}
        ORDER BY owner_id = ?2 DESC, lo.id
        LIMIT 1"
    );
    row(connection, &sql, &[&value, &portal_id.0], decode)
}

pub(crate) fn save(connection: &Connection, lo: &LearningObject) -> Result<(), VerbError> {
    let taken = on_duplicate(StoreError::Taken("external_id"));
    let sql = if lo.version == 0 {
        "-- save_learning_object (new)
        INSERT INTO learning_objects (version, content_id, owner_id, kind, title, description, external_id, state,
            created_at, updated_at, flagged_at, retired_at, removed_at, withdrawn_at, language, topics, replacements,
            content_kind, content, id)
        VALUES (?2 + 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?1)"
    } else {
        "-- save_learning_object
        UPDATE learning_objects
        SET version = ?2 + 1, content_id = ?3, kind = ?5, title = ?6, description = ?7, external_id = ?8, state = ?9,
            created_at = ?10, updated_at = ?11, flagged_at = ?12, retired_at = ?13, removed_at = ?14, withdrawn_at = ?15,
            language = ?16, topics = ?17, replacements = ?18, content_kind = ?19, content = ?20
        WHERE id = ?1 AND version = ?2 AND owner_id = ?4"
    };
    let changed = connection
        .prepare_cached(sql)?
        .execute(params![
            lo.id.0,
            lo.version,
            lo.content_id.as_str(),
            lo.owner_id.0,
            lo.kind,
            lo.title,
            lo.description,
            lo.external_id,
            lo.state.as_str(),
            lo.created_at.as_millisecond(),
            lo.updated_at.as_millisecond(),
            lo.retirement.map(|retirement| retirement.flagged_at.as_millisecond()),
            lo.retirement.and_then(|retirement| retirement.retired_at).map(Timestamp::as_millisecond),
            lo.retirement.map(|retirement| retirement.removed_at.as_millisecond()),
            lo.withdrawn_at.map(Timestamp::as_millisecond),
            lo.language,
            json(&lo.topics),
            json(&lo.replacements.iter().map(|id| id.0).collect::<Vec<_>>()),
            lo.content.as_ref().map(Content::kind),
            lo.content.as_ref().map(Content::as_str),
        ])
        .map_err(taken)?;
    expect_one(changed)?;
    if lo.version == 0 {
        hold(connection, lo.owner_id, lo.id)?;
        return Ok(());
    }
    package::replace(connection, lo)
}

/// Whether it was not held before.
fn hold(connection: &Connection, portal_id: PortalId, lo_id: LearningObjectId) -> Result<bool, VerbError> {
    let held = connection
        .prepare_cached(
            "-- save_library_items
            INSERT INTO library_items (portal_id, lo_id)
            VALUES (?1, ?2)
            ON CONFLICT DO NOTHING",
        )?
        .execute((portal_id.0, lo_id.0))?;
    Ok(held > 0)
}

pub(crate) fn decode(row: &Row<'_>) -> Result<LearningObject, VerbError> {
    Ok(LearningObject {
        id: LearningObjectId(row.of("id")?),
        version: row.of("version")?,
        content_id: row.id("content_id")?,
        owner_id: PortalId(row.of("owner_id")?),
        kind: row.of("kind")?,
        title: row.of("title")?,
        description: row.of("description")?,
        external_id: row.of("external_id")?,
        language: row.of("language")?,
        topics: row.read("topics", |text| serde_json::from_str(text).ok())?,
        replacements: row
            .read("replacements", |text| serde_json::from_str::<Vec<i64>>(text).ok())?
            .into_iter()
            .map(LearningObjectId)
            .collect(),
        content: decode_content(row)?,
        state: row.read("state", LifecycleState::read)?,
        retirement: decode_retirement(row)?,
        withdrawn_at: row.at_or_null("withdrawn_at")?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
    })
}

fn decode_retirement(row: &Row<'_>) -> Result<Option<Retirement>, VerbError> {
    let dates = row.at_or_null("flagged_at")?.zip(row.at_or_null("removed_at")?);
    let retired_at = row.at_or_null("retired_at")?;
    Ok(dates.map(|(flagged_at, removed_at)| Retirement { flagged_at, retired_at, removed_at }))
}

fn decode_content(row: &Row<'_>) -> Result<Option<Content>, VerbError> {
    let stored = row.of::<Option<String>>("content_kind")?.zip(row.of::<Option<String>>("content")?);
    stored.map(|(kind, text)| Content::read(&kind, &text).ok_or_else(|| unreadable("content"))).transpose()
}

fn json(list: &impl serde::Serialize) -> String {
    serde_json::to_string(list).expect("texts and numbers always serialise")
}
