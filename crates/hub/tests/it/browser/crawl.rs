//! Every page of the Hub, found the way people find them: by following links.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ::browser::page::Page;

use super::site::Site;
use crate::walk::table;

/// Every link of a page to the Hub that is followed, without its fragment.
const LINKS: &str = "[...document.querySelectorAll('a[href]')].map((a) => new URL(a.href))
    .filter((url) => url.origin === location.origin).map((url) => url.pathname + url.search)";
const STATUS: &str = "performance.getEntriesByType('navigation')[0].responseStatus";

/// How many pages of each route are visited.
pub(crate) type PerRoute = usize;

/// The pages that somebody can come to from some places.
pub(crate) struct Crawl<'a> {
    site: &'a Site,
    who: &'a str,
    page: &'a Page,
    per_route: PerRoute,
    routes: Vec<String>,
    waiting: VecDeque<String>,
    known: BTreeSet<String>,
    /// The paths that were visited, by their routes; what is downloaded too.
    visited: BTreeMap<String, Vec<String>>,
}

/// A page that is shown.
pub(crate) struct Shown {
    /// Its route, as the table has it.
    pub(crate) route: String,
    /// The how manieth of its route.
    pub(crate) number: usize,
}

impl<'a> Crawl<'a> {
    pub(crate) fn new(site: &'a Site, who: &'a str, page: &'a Page, per_route: PerRoute, from: &[String]) -> Self {
        let routes = table().into_iter().filter(|(method, _)| method == "GET").map(|(_, path)| path).collect();
        let mut crawl = Self {
            site,
            who,
            page,
            per_route,
            routes,
            waiting: VecDeque::new(),
            known: BTreeSet::new(),
            visited: BTreeMap::new(),
        };
        from.iter().for_each(|path| crawl.add(path));
        crawl
    }

    /// Goes to the next page that is shown, if there is one; what is downloaded is fetched on the way.
    pub(crate) async fn next(&mut self) -> Option<Shown> {
        while let Some(path) = self.waiting.pop_front() {
            let route = self.route(&path);
            let visited = self.visited.entry(route.clone()).or_default();
            if visited.len() >= self.per_route {
                continue;
            }
            visited.push(path.clone());
            let number = visited.len();
            if !is_shown(&route) {
                let fetch = format!("fetch({path:?}).then((answer) => answer.status)");
                assert_eq!(self.page.eval(&fetch).await, 200, "{path}");
                continue;
            }
            self.page.goto(&self.site.url_for(self.who, &path)).await;
            assert_eq!(self.page.eval(STATUS).await, 200, "{path}");
            let links = self.page.eval(LINKS).await;
            for link in links.as_array().into_iter().flatten().filter_map(|link| link.as_str()) {
                self.add(link);
            }
            return Some(Shown { route, number });
        }
        None
    }

    /// The routes of the table that nobody came to.
    pub(crate) fn missed(&self) -> Vec<&str> {
        self.routes.iter().map(String::as_str).filter(|route| !self.visited.contains_key(*route)).collect()
    }

    fn add(&mut self, path: &str) {
        if self.known.insert(path.to_owned()) {
            self.waiting.push_back(path.to_owned());
        }
    }

    /// The route of a path: the one with the fewest blanks.
    fn route(&self, path: &str) -> String {
        let path = path.split('?').next().unwrap_or_default();
        let below = path.strip_prefix("/hub").unwrap_or_else(|| panic!("a link leads out of the Hub: {path}"));
        let parts: Vec<&str> = if below.is_empty() { vec!["", ""] } else { below.split('/').collect() };
        let fits = |route: &&String| {
            let blanks: Vec<&str> = route.split('/').collect();
            blanks.len() == parts.len()
                && blanks.iter().zip(&parts).all(|(blank, part)| blank.starts_with('{') || blank == part)
        };
        let fitting = self.routes.iter().filter(fits).min_by_key(|route| route.matches('{').count());
        fitting.unwrap_or_else(|| panic!("a link leads nowhere: {path}")).clone()
    }
}

/// Whether a route is a page, and not a file or a stream.
pub(crate) fn is_shown(route: &str) -> bool {
    let name = route.rsplit('/').next().unwrap_or_default();
    !name.contains('.') && name != "{name}" && name != "events-stream"
}
