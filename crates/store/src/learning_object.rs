//! Learning objects and the libraries that hold them.

use async_trait::async_trait;
use domain::change::Change;
use domain::id::{ContentId, LearningObjectId, PortalId};
use domain::learning_object::{LearningObject, LifecycleState};
use jiff::Timestamp;

use crate::error::Result;
use crate::page::{Listed, Order, PageRequest};

/// A way to name a learning object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LearningObjectRef {
    /// By the number that events carry.
    Id(LearningObjectId),
    /// By the newer id.
    Content(ContentId),
    /// By the owner's own id.
    External(String),
}

/// What learning objects are sorted by; ties by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LearningObjectSort {
    /// When they were made.
    #[default]
    Created,
    /// When they last changed.
    Updated,
    /// What people call them, whatever its case.
    Title,
    /// When they are gone; what is not flagged for removal as if that were never.
    Removal,
}

/// A value that learning objects are sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortedBy {
    /// A time, in Unix milliseconds.
    Millis(i64),
    /// A title.
    Title(String),
}

/// Where somebody stands in a list of learning objects: at one that they have seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearningObjectPlace {
    /// What the list is sorted by.
    pub value: SortedBy,
    /// Which one.
    pub id: LearningObjectId,
}

impl LearningObjectSort {
    /// The place of content in a list that is sorted so.
    pub fn place_of(self, lo: &LearningObject) -> LearningObjectPlace {
        let value = match self {
            LearningObjectSort::Created => SortedBy::Millis(lo.created_at.as_millisecond()),
            LearningObjectSort::Updated => SortedBy::Millis(lo.updated_at.as_millisecond()),
            LearningObjectSort::Title => SortedBy::Title(lo.title.clone()),
            LearningObjectSort::Removal => {
                SortedBy::Millis(lo.retirement.map_or(i64::MAX, |retirement| retirement.removed_at.as_millisecond()))
            }
        };
        LearningObjectPlace { value, id: lo.id }
    }
}

/// Which learning objects are wanted. What is `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LearningObjectFilter {
    /// One of these.
    pub ids: Option<Vec<LearningObjectId>>,
    /// This text somewhere in the title, whatever its case.
    pub keyword: Option<String>,
    /// One of these kinds.
    pub kinds: Option<Vec<String>>,
    /// In one of these states at this time.
    pub states: Option<(Vec<LifecycleState>, Timestamp)>,
    /// Flagged for removal, also if that is past; or not.
    pub is_flagged: Option<bool>,
    /// What comes first.
    pub sort: LearningObjectSort,
    /// Which end of it.
    pub order: Order,
    /// Only what comes after this place, in this sort and order.
    pub after: Option<LearningObjectPlace>,
}

/// Learning objects.
#[async_trait]
pub trait LearningObjects: Send + Sync {
    /// Content that the portal owns or holds in its library.
    async fn find_learning_object(
        &self,
        portal_id: PortalId,
        reference: &LearningObjectRef,
    ) -> Result<Option<LearningObject>>;

    /// Content that the portal may take into its library without holding it yet, or holds already: its own, and its
    /// partner's.
    async fn find_offered_learning_object(
        &self,
        portal_id: PortalId,
        reference: &LearningObjectRef,
    ) -> Result<Option<LearningObject>>;

    /// Content in the portal's library.
    async fn list_learning_objects(
        &self,
        portal_id: PortalId,
        filter: &LearningObjectFilter,
        page: PageRequest,
    ) -> Result<Listed<LearningObject>>;

    /// Stores a change of content; new content is in its owner's library at once.
    async fn save_learning_object(&self, change: Change<LearningObject>) -> Result<()>;

    /// Takes content into the portal's library; what is there already stays. A portal that takes content which is flagged for
    /// removal is told so in the same step, unless it was told before.
    async fn save_library_items(&self, portal_id: PortalId, items: &[LearningObjectId], now: Timestamp) -> Result<()>;

    /// Takes content out of the portal's library; what is not there stays away.
    async fn prune_library_items(&self, portal_id: PortalId, items: &[LearningObjectId]) -> Result<()>;
}
