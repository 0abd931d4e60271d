//! Parameters in queries, in every way in which clients write them (contract, quirk 5), for every list that there is.
#![no_main]

use gateway::fuzzing;
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use url::form_urlencoded;

#[derive(Clone, Debug, Deserialize, PartialEq)]
struct Parameters {
    limit: Option<u32>,
    flag: Option<bool>,
    keyword: Option<String>,
    kinds: Option<Vec<String>>,
}

fuzz_target!(|text: &str| {
    fuzzing::read_queries(text);
    let Ok(read) = fuzzing::read_query::<Parameters>(text) else { return };
    assert_eq!(fuzzing::read_query::<Parameters>(&format!("{text}&unknown[x]=1")), Ok(read.clone()));
    let mut again = form_urlencoded::Serializer::new(String::new());
    let Parameters { limit, flag, keyword, kinds } = &read;
    again.extend_pairs(limit.map(|limit| ("limit", limit.to_string())));
    again.extend_pairs(flag.map(|flag| ("flag", if flag { "1" } else { "false" })));
    again.extend_pairs(keyword.as_ref().map(|keyword| ("keyword", keyword)));
    let kinds = kinds.iter().flatten();
    again.extend_pairs(kinds.enumerate().map(|(place, kind)| (format!("kinds[{place}]"), kind)));
    let again = fuzzing::read_query::<Parameters>(&again.finish());
    let has_values = |kinds: &Option<Vec<String>>| kinds.as_ref().filter(|kinds| !kinds.is_empty()).cloned();
    let again = again.expect("what is written can be read");
    assert_eq!((again.limit, again.flag, &again.keyword), (read.limit, read.flag, &read.keyword));
    assert_eq!(has_values(&again.kinds), has_values(&read.kinds));
});
