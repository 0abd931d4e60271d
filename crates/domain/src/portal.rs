//! Portals: tenants, and the partners above them.

use jiff::Timestamp;

use crate::change::Change;
use crate::id::PortalId;

pub mod customer;

/// The longest name, country, industry, time zone and id of the integrator's own, in characters.
pub const TEXT_CHARS_MAX: usize = 255;
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

/// What is asked to change; `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortalPatch {
    /// What people call it.
    pub name: Option<String>,
    /// An IANA time zone.
    pub timezone: Option<String>,
    /// Where it is.
    pub country: Option<String>,
    /// What business it is in.
    pub industry: Option<String>,
    /// How many people it has, in steps.
    pub company_size: Option<u32>,
    /// The integrator's own id for it.
    pub external_customer_id: Option<String>,
    /// Whether enrollments in parts of a course publish events too (decision 11).
    pub child_enrollment_events: Option<bool>,
}

/// Why a portal cannot be as it is asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortalError {
    /// A text that is empty or too long.
    #[error("{0} must have 1 to {TEXT_CHARS_MAX} characters")]
    Length(&'static str),
    /// Not even the form of a time zone's name.
    #[error("timezone must be the name of an IANA time zone such as UTC or Australia/Brisbane")]
    Timezone,
}

impl PortalError {
    /// The field at fault.
    pub const fn field(self) -> &'static str {
        match self {
            PortalError::Length(field) => field,
            PortalError::Timezone => "timezone",
        }
    }
}

impl Portal {
    /// A portal that is about to be stored for the first time, if it may be as it is.
    pub fn create(self) -> Result<Change<Portal>, PortalError> {
        self.check()?;
        Ok(Change::silent(self))
    }

    /// The portal with the changes asked for.
    pub fn update(mut self, patch: PortalPatch, at: Timestamp) -> Result<Change<Portal>, PortalError> {
        self.name = patch.name.unwrap_or(self.name);
        self.timezone = patch.timezone.unwrap_or(self.timezone);
        self.country = patch.country.or(self.country);
        self.industry = patch.industry.or(self.industry);
        self.company_size = patch.company_size.or(self.company_size);
        self.external_customer_id = patch.external_customer_id.or(self.external_customer_id);
        self.child_enrollment_events = patch.child_enrollment_events.unwrap_or(self.child_enrollment_events);
        self.updated_at = at;
        self.check()?;
        Ok(Change::silent(self))
    }

    /// Whether customers may be made below it. Contract, section 6.
    pub fn may_have_customers(&self) -> bool {
        match self.kind {
            PortalKind::Partner => true,
            PortalKind::Customer => false,
        }
    }

    /// Whether it stands directly below that partner.
    pub fn is_customer_of(&self, partner_id: PortalId) -> bool {
        self.partner_id == Some(partner_id)
    }

    fn check(&self) -> Result<(), PortalError> {
        let texts = [
            (Some(&self.name), "name"),
            (self.country.as_ref(), "country"),
            (self.industry.as_ref(), "industry"),
            (self.external_customer_id.as_ref(), "external_customer_id"),
        ];
        for (text, field) in texts {
            if text.is_some_and(|text| !(1..=TEXT_CHARS_MAX).contains(&text.chars().count())) {
                return Err(PortalError::Length(field));
            }
        }
        if is_timezone_name(&self.timezone) { Ok(()) } else { Err(PortalError::Timezone) }
    }
}

/// Whether a text has the form of a time zone's name. Whether there is one of that name depends on the machine's data,
/// which changes; nothing here computes with it.
fn is_timezone_name(text: &str) -> bool {
    text.len() <= TEXT_CHARS_MAX
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn portal() -> Portal {
        Portal {
            id: PortalId(2),
            version: 1,
            partner_id: Some(PortalId(1)),
            kind: PortalKind::Customer,
            name: "Acme".to_owned(),
            domain: PortalDomain::parse("acme.example.com").unwrap(),
            timezone: "UTC".to_owned(),
            country: None,
            industry: None,
            company_size: None,
            external_customer_id: None,
            child_enrollment_events: false,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[track_caller]
    fn check(patch: PortalPatch, expected: Result<(), PortalError>) {
        assert_eq!(portal().update(patch, Timestamp::UNIX_EPOCH).map(|_| ()), expected);
    }

    #[test]
    fn texts_are_neither_empty_nor_endless() {
        let name = |length| PortalPatch { name: Some("é".repeat(length)), ..Default::default() };
        check(name(0), Err(PortalError::Length("name")));
        check(name(TEXT_CHARS_MAX), Ok(()));
        check(name(TEXT_CHARS_MAX + 1), Err(PortalError::Length("name")));
        check(PortalPatch { country: Some(String::new()), ..Default::default() }, Err(PortalError::Length("country")));
    }

    #[test]
    fn a_time_zone_has_a_name() {
        let zone = |text: &str| PortalPatch { timezone: Some(text.to_owned()), ..Default::default() };
        for text in ["UTC", "Australia/Brisbane", "America/Port-au-Prince", "Etc/GMT+10"] {
            check(zone(text), Ok(()));
        }
        for text in ["", "+10:00", "Somewhere else", "Zürich"] {
            check(zone(text), Err(PortalError::Timezone));
        }
    }

    #[test]
    fn a_customer_has_one_partner_and_no_customers() {
        assert!(portal().is_customer_of(PortalId(1)) && !portal().is_customer_of(PortalId(2)));
        assert!(!portal().may_have_customers());
        assert!(Portal { kind: PortalKind::Partner, ..portal() }.may_have_customers());
    }

    #[test]
    fn a_domain_is_a_host_name() {
        assert_eq!(PortalDomain::parse("Acme.Example.com").unwrap().as_str(), "acme.example.com");
        for text in
            ["", "acme", "acme..com", "-a.com", "a-.com", "a b.com", "a.com/", &format!("{}.com", "a".repeat(64))]
        {
            assert_eq!(PortalDomain::parse(text), Err(NotADomain), "{text:?}");
        }
    }
}
