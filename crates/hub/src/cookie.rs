//! Cookies: how ours are named, written and found.

use axum::http::{HeaderMap, HeaderValue, header};

/// How many cookies of a request are looked at.
const LOOKED_AT_MAX: usize = 100;

/// One of our cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// Who is signed in.
    Session,
    /// What is to be said on the next page.
    Flash,
}

/// Whether the browser speaks https, as far as we are told: a proxy that ends TLS says so.
pub(crate) fn is_https(headers: &HeaderMap) -> bool {
    let proto = headers.get_all("x-forwarded-proto").iter().next_back().and_then(|value| value.to_str().ok());
    proto.and_then(|proto| proto.rsplit(',').next()).is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https"))
}

impl Cookie {
    /// Over https a name that no other host can set a cookie of.
    fn name(self, is_https: bool) -> &'static str {
        match (self, is_https) {
            (Cookie::Session, true) => "__Host-schoolbell",
            (Cookie::Session, false) => "schoolbell",
            (Cookie::Flash, true) => "__Host-schoolbell-said",
            (Cookie::Flash, false) => "schoolbell-said",
        }
    }

    /// Its value in a request, if it is there exactly once: of two, somebody else may have set one.
    pub(crate) fn find(self, headers: &HeaderMap) -> Option<String> {
        let name = self.name(is_https(headers));
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).take(LOOKED_AT_MAX);
        let mut values = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(there, _)| *there == name);
        let (_, value) = values.next()?;
        values.next().is_none().then(|| value.to_owned())
    }

    /// The header that sets it, for as long as the browser is open. The value is ours: letters, digits, dots and hyphens.
    pub(crate) fn set(self, headers: &HeaderMap, value: &str) -> HeaderValue {
        self.write(is_https(headers), value, "")
    }

    /// The header that takes it away.
    pub(crate) fn clear(self, headers: &HeaderMap) -> HeaderValue {
        self.write(is_https(headers), "", "; Max-Age=0")
    }

    fn write(self, is_https: bool, value: &str, besides: &str) -> HeaderValue {
        let secure = if is_https { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{besides}", self.name(is_https));
        HeaderValue::from_str(&text).expect("names and values are visible ASCII")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(proto: Option<&str>, cookies: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(proto) = proto {
            headers.insert("x-forwarded-proto", proto.parse().unwrap());
        }
        for line in cookies {
            headers.append(header::COOKIE, line.parse().unwrap());
        }
        headers
    }

    #[track_caller]
    fn check(proto: Option<&str>, cookies: &[&str], expected: Option<&str>) {
        assert_eq!(Cookie::Session.find(&headers(proto, cookies)).as_deref(), expected, "{proto:?} {cookies:?}");
    }

    #[test]
    fn a_session_is_found_under_the_name_that_fits() {
        check(None, &["schoolbell=a"], Some("a"));
        check(None, &["other=1; schoolbell=a", "x=schoolbell=b"], Some("a"));
        check(Some("https"), &["__Host-schoolbell=a"], Some("a"));
        check(Some("http, HTTPS"), &["__Host-schoolbell=a"], Some("a"));
        // What another host of the domain may have set is none over https.
        check(Some("https"), &["schoolbell=a"], None);
        check(None, &["__Host-schoolbell=a"], None);
        check(None, &["schoolbell=a; schoolbell=b"], None);
        check(None, &["schoolbell=a", "schoolbell=b"], None);
        check(None, &["schoolbell", "schoolbella=a"], None);
    }

    #[test]
    fn cookies_are_for_us_alone() {
        let set = |proto| Cookie::Session.set(&headers(proto, &[]), "abc");
        assert_eq!(set(Some("https")), "__Host-schoolbell=abc; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(set(None), "schoolbell=abc; Path=/; HttpOnly; SameSite=Lax");
        let cleared = Cookie::Flash.clear(&headers(None, &[]));
        assert_eq!(cleared, "schoolbell-said=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    }
}
