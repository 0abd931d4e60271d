//! Parameters in the query, in all the ways in which clients write them (contract, quirk 5).
//!
//! `a[]=x`, `a[0]=x`, `a=x` and `a=x,y` are lists; `1` and `true` are true; what is unknown is ignored; an empty value is
//! no value. Of a parameter that is given twice but is no list, the last counts.

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use url::form_urlencoded;

use crate::refusal::Refusal;

/// The parameters of a list or an operation.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        read(parts.uri.query().unwrap_or_default()).map(Query)
    }
}

/// Reads the parameters of a query.
pub(crate) fn read<T: DeserializeOwned>(query: &str) -> Result<T, Refusal> {
    let pairs = form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned()));
    read_pairs(pairs).map_err(|(name, error)| Refusal::field(name.clone(), format_args!("{name}: {error}")))
}

/// Reads names and values, of a query or of a form; what is wrong comes with the name of the parameter.
pub(crate) fn read_pairs<T: DeserializeOwned>(
    pairs: impl Iterator<Item = (String, String)>,
) -> Result<T, (String, String)> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in pairs.filter(|(_, value)| !value.is_empty()) {
        values.entry(without_index(name)).or_default().push(value);
    }
    let parameters = values.into_iter().map(|(name, values)| (name, Values(values)));
    let deserializer = MapDeserializer::<_, Error>::new(parameters);
    serde_path_to_error::deserialize(deserializer)
        .map_err(|error| (error.path().to_string(), error.inner().to_string()))
}

/// `a` for `a[]` and `a[0]`; any other name as it is.
fn without_index(mut name: String) -> String {
    if let Some((base, index)) = name.strip_suffix(']').and_then(|name| name.split_once('['))
        && index.bytes().all(|b| b.is_ascii_digit())
    {
        name.truncate(base.len());
    }
    name
}

/// All that was given for one parameter: one value or more, none of them empty.
struct Values(Vec<String>);

impl Values {
    fn last(mut self) -> String {
        self.0.pop().unwrap_or_default()
    }
}

impl<'de> IntoDeserializer<'de, Error> for Values {
    type Deserializer = Values;

    fn into_deserializer(self) -> Values {
        self
    }
}

impl<'de> Deserializer<'de> for Values {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.last())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let items = self.0.iter().flat_map(|value| value.split(',')).map(str::trim).filter(|item| !item.is_empty());
        let items = items.map(|item| Values(vec![item.to_owned()]));
        SeqDeserializer::new(items).deserialize_seq(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let text = self.last();
        match text.trim().parse() {
            Ok(number) => visitor.visit_u32(number),
            Err(_) => Err(de::Error::custom(format_args!("{text:?} is not a whole number from 0 to {}", u32::MAX))),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let text = self.last();
        match text.to_ascii_lowercase().as_str() {
            "1" | "true" => visitor.visit_bool(true),
            "0" | "false" => visitor.visit_bool(false),
            _ => Err(de::Error::custom(format_args!("{text:?} is neither true nor false"))),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    struct Parameters {
        limit: Option<u32>,
        flag: Option<bool>,
        keyword: Option<String>,
        #[serde(rename = "type")]
        kinds: Option<Vec<String>>,
    }

    #[track_caller]
    fn check(query: &str, expected: Parameters) {
        assert_eq!(read::<Parameters>(query).unwrap(), expected, "{query}");
    }

    #[track_caller]
    fn check_refused(query: &str, expected: &str) {
        let refusal = read::<Parameters>(query).unwrap_err();
        assert!(format!("{refusal:?}").contains(expected), "{refusal:?}");
    }

    #[test]
    fn lists_arrive_in_four_ways() {
        let expected = || Parameters { kinds: Some(vec!["course".into(), "video".into()]), ..Default::default() };
        check("type[]=course&type[]=video", expected());
        check("type%5B0%5D=course&type%5B1%5D=video", expected());
        check("type=course&type=video", expected());
        check("type=course,video", expected());
        check("type=%20course%2C%20video,", expected());
    }

    #[test]
    fn booleans_arrive_in_two_ways() {
        for (query, flag) in [("flag=1", true), ("flag=true", true), ("flag=0", false), ("flag=FALSE", false)] {
            check(query, Parameters { flag: Some(flag), ..Default::default() });
        }
        check_refused("flag=yes", r#"flag: \"yes\" is neither true nor false"#);
    }

    #[test]
    fn what_is_unknown_or_empty_is_ignored() {
        check("", Parameters::default());
        check("limit=&flag=&keyword=&type=&other[a][b]=1&%ff=%ff&&=", Parameters::default());
        check("type[x]=course", Parameters::default());
    }

    #[test]
    fn the_last_counts_and_text_is_decoded() {
        check(
            "limit=1&limit=2&keyword=a%2Cb+c",
            Parameters { limit: Some(2), keyword: Some("a,b c".into()), ..Default::default() },
        );
        check(
            "limit=1&limit=&keyword=a&keyword=",
            Parameters { limit: Some(1), keyword: Some("a".into()), ..Default::default() },
        );
    }

    #[test]
    fn a_bad_value_is_refused_with_the_name_of_the_parameter() {
        check_refused("limit=ten", r#"limit: \"ten\" is not a whole number"#);
        check_refused("limit=-1", "limit: ");
        check_refused("limit=4294967296", r#"limit: \"4294967296\" is not a whole number from 0 to 4294967295"#);
    }
}
