//! Destinations: the LMSs to which a portal hands packages. Contract, section 8.1; the rules are ours.
//!
//! A destination is known by the token that its packages carry. Every learner can read that, so it is no secret: it says where a
//! launch comes from, and whatever comes with it is the word of somebody's browser.

use jiff::Timestamp;

use crate::change::Change;
use crate::id::{DestinationId, DestinationToken, PortalId};

mod origin;

pub use self::origin::{LmsOrigin, NotAnOrigin, ORIGIN_BYTES_MAX};

/// How many destinations a portal may have.
pub const PER_PORTAL_MAX: usize = 100;
/// The longest name, in characters.
pub const NAME_CHARS_MAX: usize = 255;
/// From how many origins packages may be launched.
pub const ORIGINS_MAX: usize = 50;
/// The highest cap of seats.
pub const SEATS_MAX: u32 = 1_000_000_000;
/// The name of the one that is made where a portal has none.
pub const DEFAULT_NAME: &str = "Default";

/// Whether packages of a destination may be launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DestinationStatus {
    /// They may.
    Active,
    /// They may not, and neither are new ones handed out.
    Revoked,
}

impl DestinationStatus {
    /// The spelling on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            DestinationStatus::Active => "active",
            DestinationStatus::Revoked => "revoked",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn read(text: &str) -> Option<Self> {
        [DestinationStatus::Active, DestinationStatus::Revoked].into_iter().find(|status| status.as_str() == text)
    }
}

/// One LMS to which a portal hands packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Names it.
    pub id: DestinationId,
    /// The version that was read; 0 if it is not stored yet.
    pub version: i64,
    /// The portal.
    pub portal_id: PortalId,
    /// What its packages carry: an identifier that every learner can read, and no secret.
    pub token: DestinationToken,
    /// What people call it.
    pub name: String,
    /// Whether its packages may be launched.
    pub status: DestinationStatus,
    /// From where packages may be launched; empty for anywhere.
    pub lms_origins: Vec<LmsOrigin>,
    /// How many different learners may launch them.
    pub seats_max: Option<u32>,
    /// From when on none is launched.
    pub expires_at: Option<Timestamp>,
    /// Whether `passed` may become `failed` in the LMS. Nothing else is ever lowered.
    pub lower_status: bool,
    /// Whether the ids of learners are kept as keyed digests only: a learning activity cannot give them back then. It decides how
    /// learners are told apart, so it stays as it was made.
    pub pseudonymous: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What is asked to change; `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DestinationPatch {
    /// What people call it.
    pub name: Option<String>,
    /// Whether its packages may be launched.
    pub status: Option<DestinationStatus>,
    /// From where packages may be launched; empty for anywhere.
    pub lms_origins: Option<Vec<LmsOrigin>>,
    /// How many different learners may launch them; `Some(None)` for any number.
    pub seats_max: Option<Option<u32>>,
    /// From when on none is launched; `Some(None)` for never.
    pub expires_at: Option<Option<Timestamp>>,
    /// Whether `passed` may become `failed` in the LMS.
    pub lower_status: Option<bool>,
    /// What it must be already.
    pub pseudonymous: Option<bool>,
}

/// Why a destination cannot be as it is asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// The name is missing or too long, or cannot be read.
    #[error(
        "name must have 1 to {NAME_CHARS_MAX} characters, not all of them white space and none a control character"
    )]
    Name,
    /// Too many origins.
    #[error("lms_origins must be at most {ORIGINS_MAX} origins")]
    Origins,
    /// No seat at all, or more than there are people to sit.
    #[error("seats_max must be a whole number from 1 to {SEATS_MAX}, or null for any number of learners")]
    Seats,
    /// Learners would not be recognised any more.
    #[error("pseudonymous is decided when a destination is made: make another one")]
    Pseudonymous,
}

impl DestinationError {
    /// The field at fault.
    pub const fn field(self) -> &'static str {
        match self {
            DestinationError::Name => "name",
            DestinationError::Origins => "lms_origins",
            DestinationError::Seats => "seats_max",
            DestinationError::Pseudonymous => "pseudonymous",
        }
    }
}

/// How the learner who launches stands to the seats of a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// Has one, from an earlier launch.
    Held,
    /// Needs one, and so many others have theirs.
    Wanted {
        /// How many different learners launched before.
        taken: u64,
    },
}

/// Why nothing is launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LaunchRefusal {
    /// The portal revoked the destination.
    #[error("the destination is revoked")]
    Revoked,
    /// Its time is over.
    #[error("the destination has expired")]
    Expired,
    /// It is not for pages of that origin.
    #[error("the destination is not for this LMS")]
    Origin,
    /// As many learners as may have launched already.
    #[error("all seats of the destination are taken")]
    Seats,
}

impl Destination {
    /// The one that is made where a portal has none: open to every LMS and learner.
    pub fn default_of(portal_id: PortalId, id: DestinationId, token: DestinationToken, at: Timestamp) -> Self {
        Destination {
            id,
            version: 0,
            portal_id,
            token,
            name: DEFAULT_NAME.to_owned(),
            status: DestinationStatus::Active,
            lms_origins: Vec::new(),
            seats_max: None,
            expires_at: None,
            lower_status: false,
            pseudonymous: false,
            created_at: at,
            updated_at: at,
        }
    }

    /// A destination that is about to be stored for the first time, if it may be as it is.
    pub fn create(mut self) -> Result<Change<Destination>, DestinationError> {
        self.check()?;
        Ok(Change::silent(self))
    }

    /// The destination with the changes asked for.
    pub fn update(mut self, patch: DestinationPatch, at: Timestamp) -> Result<Change<Destination>, DestinationError> {
        if patch.pseudonymous.is_some_and(|pseudonymous| pseudonymous != self.pseudonymous) {
            return Err(DestinationError::Pseudonymous);
        }
        self.name = patch.name.unwrap_or(self.name);
        self.status = patch.status.unwrap_or(self.status);
        self.lms_origins = patch.lms_origins.unwrap_or(self.lms_origins);
        self.seats_max = patch.seats_max.unwrap_or(self.seats_max);
        self.expires_at = patch.expires_at.unwrap_or(self.expires_at);
        self.lower_status = patch.lower_status.unwrap_or(self.lower_status);
        self.updated_at = at;
        self.check()?;
        Ok(Change::silent(self))
    }

    /// Why nobody at all can launch its packages at `now`; new ones are not handed out then either.
    pub fn is_over(&self, now: Timestamp) -> Option<LaunchRefusal> {
        match self.status {
            DestinationStatus::Revoked => Some(LaunchRefusal::Revoked),
            DestinationStatus::Active => {
                self.expires_at.is_some_and(|expires_at| expires_at <= now).then_some(LaunchRefusal::Expired)
            }
        }
    }

    /// Why a launch from a page of that origin is refused, if it is. `None` is an origin that is not known: the browser did not
    /// say, or said `null`.
    pub fn refuses(&self, now: Timestamp, origin: Option<&LmsOrigin>, seat: Seat) -> Option<LaunchRefusal> {
        let is_elsewhere =
            !self.lms_origins.is_empty() && !origin.is_some_and(|origin| self.lms_origins.contains(origin));
        let is_full = match seat {
            Seat::Held => false,
            Seat::Wanted { taken } => self.seats_max.is_some_and(|max| taken >= u64::from(max)),
        };
        let origin = is_elsewhere.then_some(LaunchRefusal::Origin);
        self.is_over(now).or(origin).or(is_full.then_some(LaunchRefusal::Seats))
    }

    fn check(&mut self) -> Result<(), DestinationError> {
        let is_readable = !self.name.trim().is_empty() && !self.name.chars().any(char::is_control);
        if !is_readable || self.name.chars().count() > NAME_CHARS_MAX {
            return Err(DestinationError::Name);
        }
        self.lms_origins.sort_unstable();
        self.lms_origins.dedup();
        if self.lms_origins.len() > ORIGINS_MAX {
            return Err(DestinationError::Origins);
        }
        let has_sane_seats = self.seats_max.is_none_or(|max| (1..=SEATS_MAX).contains(&max));
        if has_sane_seats { Ok(()) } else { Err(DestinationError::Seats) }
    }
}

#[cfg(test)]
mod tests;
