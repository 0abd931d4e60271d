//! The two ways in which the wire writes an instant (contract, section 11).
//!
//! Webhooks, portals and learning objects write milliseconds and `Z`; V3 enrollments write whole seconds and
//! `+00:00`. Both read any RFC 3339 instant.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::TimeZone;
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

/// An RFC 3339 instant; a date alone is its beginning in UTC.
fn read(text: &str) -> Option<Timestamp> {
    // Years have four digits and no sign. At the far end of those that have one, the library that reads them panics.
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().or_else(|| Some(text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp()))
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
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                read(&text).map($name).ok_or_else(|| {
                    serde::de::Error::custom(format_args!("expected a time such as {}, not {text:?}", $example))
                })
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
        let date: Millis = serde_json::from_str("\"2022-03-29\"").unwrap();
        assert_eq!(date.to_string(), "2022-03-29T00:00:00.000Z");
        for beyond in ["-009999-01-02T01:59:58.99999Z", "-009999-01-02", "+002022-03-29T01:29:36Z"] {
            assert!(serde_json::from_str::<Millis>(&format!("\"{beyond}\"")).is_err(), "{beyond}");
        }
        let error = serde_json::from_str::<Millis>("\"yesterday\"").unwrap_err();
        assert!(error.to_string().contains("expected a time such as 2022-03-29T01:29:36.676Z"), "{error}");
    }
}
