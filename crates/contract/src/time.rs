//! The two ways in which the wire writes an instant (contract, section 11).
//!
//! Webhooks, portals and learning objects write milliseconds and `Z`; V3 enrollments write whole seconds and
//! `+00:00`. Both read any RFC 3339 instant.

use std::fmt;

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

static MILLIS: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
static SECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(0));

/// An instant written like `2022-03-29T01:29:36.676Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub Timestamp);

/// An instant written like `2022-03-29T01:29:36+00:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(pub Timestamp);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&MILLIS.timestamp_to_string(&self.0))
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = SECONDS.timestamp_to_string(&self.0);
        f.write_str(text.trim_end_matches('Z'))?;
        f.write_str("+00:00")
    }
}

macro_rules! wire_instant {
    ($name:ident, $example:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Timestamp::deserialize(deserializer).map($name)
            }
        }

        impl From<Timestamp> for $name {
            fn from(at: Timestamp) -> Self {
                $name(at)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::DateTime)))
                    .examples([$example])
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    };
}

wire_instant!(Millis, "2022-03-29T01:29:36.676Z");
wire_instant!(Seconds, "2022-03-29T01:29:36+00:00");

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(instant: &str, millis: &str, seconds: &str) {
        let at: Timestamp = instant.parse().unwrap();
        assert_eq!(Millis(at).to_string(), millis);
        assert_eq!(Seconds(at).to_string(), seconds);
    }

    #[test]
    fn both_spellings_are_those_of_the_published_samples() {
        check("2022-03-29T01:29:36.676Z", "2022-03-29T01:29:36.676Z", "2022-03-29T01:29:36+00:00");
        check("2022-03-29T01:29:36Z", "2022-03-29T01:29:36.000Z", "2022-03-29T01:29:36+00:00");
        check("2022-03-29T12:29:36.9999+11:00", "2022-03-29T01:29:36.999Z", "2022-03-29T01:29:36+00:00");
    }

    #[test]
    fn any_rfc_3339_instant_is_read() {
        let read: Seconds = serde_json::from_str("\"2022-03-29T12:29:36+11:00\"").unwrap();
        assert_eq!(read.to_string(), "2022-03-29T01:29:36+00:00");
        assert!(serde_json::from_str::<Millis>("\"yesterday\"").is_err());
    }
}
