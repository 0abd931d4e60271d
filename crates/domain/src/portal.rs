//! Portals: tenants, and the partners above them.

use jiff::Timestamp;

use crate::id::PortalId;

/// Partners may stand above partners, but not in a circle and not without end.
pub const PARTNERS_ABOVE_MAX: usize = 8;

/// What a portal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortalKind {
    /// A customer of a partner, or on its own.
    Customer,
    /// An integrator, with customers below it.
    Partner,
}

impl PortalKind {
    /// The spelling on the wire and in the database. Contract, section 6.
    pub const fn as_str(self) -> &'static str {
        match self {
            PortalKind::Customer => "customer",
            PortalKind::Partner => "distribution_partner",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn read(text: &str) -> Option<Self> {
        [PortalKind::Customer, PortalKind::Partner].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A tenant. Contract, section 10.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portal {
    /// Names it.
    pub id: PortalId,
    /// The version that was read; 0 if it is not stored yet.
    pub version: i64,
    /// The partner above it.
    pub partner_id: Option<PortalId>,
    /// What it is.
    pub kind: PortalKind,
    /// What people call it.
    pub name: String,
    /// Its host name, unique.
    pub domain: PortalDomain,
    /// An IANA time zone.
    pub timezone: String,
    /// Where it is.
    pub country: Option<String>,
    /// What business it is in.
    pub industry: Option<String>,
    /// How many people it has, in steps.
    pub company_size: Option<u32>,
    /// The integrator's own id for it.
    pub external_customer_id: Option<String>,
    /// Whether enrollments in parts of a course publish events too (decision 11).
    pub child_enrollment_events: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A host name in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalDomain(String);

/// A text that is no host name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the domain must be a host name such as acme.example.com: letters, digits, hyphens and at least one dot")]
pub struct NotADomain;

impl PortalDomain {
    /// Reads a host name of at least two labels.
    pub fn parse(text: &str) -> Result<Self, NotADomain> {
        let text = text.to_ascii_lowercase();
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let valid = text.len() <= 253 && text.contains('.') && text.split('.').all(label);
        if valid { Ok(PortalDomain(text)) } else { Err(NotADomain) }
    }

    /// The host name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
