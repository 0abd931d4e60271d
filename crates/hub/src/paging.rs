//! Pages of long lists.

use store::page::PageRequest;
use url::form_urlencoded::Serializer;

use crate::form::Form;
use crate::when::number;

/// How many rows a page has.
pub(crate) const ROWS: u32 = 25;
/// The last page that can be asked for: beyond, narrow the list.
const PAGE_MAX: u32 = 4_000;

/// Which page of a list is wanted, and with what it is narrowed.
#[derive(Clone, Debug)]
pub(crate) struct Paging {
    path: String,
    narrowed: Vec<(String, String)>,
    page: u32,
    total: u64,
}

impl Paging {
    /// Reads `page` of a query, and keeps the named fields for the links to other pages.
    pub(crate) fn read(query: &Form, path: impl Into<String>, fields: &[&str]) -> Self {
        let page = query.text("page").parse().unwrap_or(1).clamp(1, PAGE_MAX);
        let kept = fields.iter().filter(|field| query.given(field).is_some());
        let narrowed = kept.map(|field| ((*field).to_owned(), query.text(field).to_owned())).collect();
        Paging { path: path.into(), narrowed, page, total: 0 }
    }

    /// What to ask the store for.
    pub(crate) fn request(&self) -> PageRequest {
        PageRequest { limit: ROWS, offset: (self.page - 1) * ROWS }
    }

    /// With how many there are in all.
    pub(crate) fn of(self, total: u64) -> Self {
        Paging { total, ..self }
    }

    /// Whether there is more than one page, or this one is beyond the last.
    pub(crate) fn is_needed(&self) -> bool {
        self.total > u64::from(ROWS) || self.page > 1
    }

    /// Such as "26–50 of 312".
    pub(crate) fn shown(&self) -> String {
        let before = u64::from(self.page - 1) * u64::from(ROWS);
        if before >= self.total {
            return format!("none of {}", number(self.total));
        }
        let last = (before + u64::from(ROWS)).min(self.total);
        format!("{}–{} of {}", number(before + 1), number(last), number(self.total))
    }

    /// Where the page before is, if there is one.
    pub(crate) fn previous(&self) -> Option<String> {
        (self.page > 1).then(|| self.link(self.page - 1))
    }

    /// Where the next page is, if there is one.
    pub(crate) fn next(&self) -> Option<String> {
        let is_there = u64::from(self.page) * u64::from(ROWS) < self.total && self.page < PAGE_MAX;
        is_there.then(|| self.link(self.page + 1))
    }

    fn link(&self, page: u32) -> String {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(&self.narrowed);
        if page > 1 {
            query.append_pair("page", &page.to_string());
        }
        let query = query.finish();
        if query.is_empty() { self.path.clone() } else { format!("{}?{query}", self.path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, total: u64, expected: (&str, Option<&str>, Option<&str>)) {
        let paging = Paging::read(&Form::parse(query.as_bytes()).unwrap(), "/hub/1/x", &["status", "q"]).of(total);
        let found = (paging.shown(), paging.previous(), paging.next());
        assert_eq!((found.0.as_str(), found.1.as_deref(), found.2.as_deref()), expected, "{query}");
    }

    #[test]
    fn links_lead_to_the_neighbours_and_keep_what_narrows() {
        check("", 0, ("none of 0", None, None));
        check("", 25, ("1–25 of 25", None, None));
        check("", 26, ("1–25 of 26", None, Some("/hub/1/x?page=2")));
        check(
            "page=2&status=failed&q=a%26b&other=1&empty=",
            60,
            ("26–50 of 60", Some("/hub/1/x?status=failed&q=a%26b"), Some("/hub/1/x?status=failed&q=a%26b&page=3")),
        );
        check("page=9", 60, ("none of 60", Some("/hub/1/x?page=8"), None));
        for strange in ["page=0", "page=-1", "page=x", "page=99999999999"] {
            check(strange, 3, ("1–3 of 3", None, None));
        }
        check(
            "page=4001",
            1_000_000,
            ("99\u{202f}976–100\u{202f}000 of 1\u{202f}000\u{202f}000", Some("/hub/1/x?page=3999"), None),
        );
    }
}
