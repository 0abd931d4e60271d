//! Where the platform is, who calls, and how patiently.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use contract::api::ApiVersion;
use reqwest::Url;

use crate::platform::retry::RetryPolicy;

/// How long one exchange may take, answer included.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// Where the platform is, who calls, and how patiently.
#[derive(Clone)]
pub struct Config {
    pub(crate) auth: Url,
    pub(crate) gateway: Url,
    pub(crate) v2: Url,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) scope: Option<String>,
    pub(crate) api_version: ApiVersion,
    pub(crate) retry: RetryPolicy,
    pub(crate) timeout: Duration,
}

/// Why there can be no client.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// An address cannot be the beginning of others.
    #[error("the address {url:?} cannot be used: {problem}")]
    Url {
        /// As it was given, unless it may hold a password.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// TLS cannot be set up on this machine.
    #[error("preparing the HTTP client")]
    Http(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Config {
    /// A platform all of whose APIs are at one address, as Schoolbell's are: `{base}/oauth/token`, `{base}/webhooks`,
    /// `{base}/v2/enrollments/…`.
    pub fn new(base: &str, client_id: &str, client_secret: &str) -> Result<Self, ConfigError> {
        let base = parse(base)?;
        let v2 = extended(&base, &["v2"]);
        Ok(Config {
            auth: base.clone(),
            gateway: base,
            v2,
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            scope: None,
            api_version: ApiVersion::V2022_07_01,
            retry: RetryPolicy::default(),
            timeout: TIMEOUT,
        })
    }

    /// Another address for `/oauth/token` and `/client`.
    pub fn with_auth_url(self, url: &str) -> Result<Self, ConfigError> {
        Ok(Config { auth: parse(url)?, ..self })
    }

    /// Another address for V3: `/webhooks`, `/enrollments`, `/portals`, ….
    pub fn with_gateway_url(self, url: &str) -> Result<Self, ConfigError> {
        Ok(Config { gateway: parse(url)?, ..self })
    }

    /// Another address for V2, its version included: `https://api.example.com/v2`.
    pub fn with_v2_url(self, url: &str) -> Result<Self, ConfigError> {
        Ok(Config { v2: parse(url)?, ..self })
    }

    /// Other credentials.
    #[must_use]
    pub fn with_credentials(self, client_id: &str, client_secret: &str) -> Self {
        Config { client_id: client_id.to_owned(), client_secret: client_secret.to_owned(), ..self }
    }

    /// Tokens for these scopes only, separated by spaces. Without it they are good for all that the client may do.
    #[must_use]
    pub fn with_scope(self, scope: &str) -> Self {
        Config { scope: Some(scope.to_owned()), ..self }
    }

    /// Another version of V3.
    #[must_use]
    pub fn with_api_version(self, api_version: ApiVersion) -> Self {
        Config { api_version, ..self }
    }

    /// Another patience.
    #[must_use]
    pub fn with_retry(self, retry: RetryPolicy) -> Self {
        Config { retry, ..self }
    }

    /// Another limit than [`TIMEOUT`] for one exchange.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Config { timeout, ..self }
    }

    /// Whether the platform is on this machine.
    pub(crate) fn is_local(&self) -> bool {
        [&self.auth, &self.gateway, &self.v2].into_iter().all(|url| {
            let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
            host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        })
    }
}

/// `url` with further path segments; a slash at its end does not count.
pub(crate) fn extended(url: &Url, segments: &[&str]) -> Url {
    let mut url = url.clone();
    url.path_segments_mut().expect("an http address has a path").pop_if_empty().extend(segments);
    url
}

fn parse(text: &str) -> Result<Url, ConfigError> {
    // What stands before an @ may be a password.
    let shown = if text.contains('@') { "…" } else { text };
    let refuse = |problem: &str| Err(ConfigError::Url { url: shown.to_owned(), problem: problem.to_owned() });
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => return refuse(&error.to_string()),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("it holds a user name or a password");
    }
    if !matches!(url.scheme(), "http" | "https") {
        return refuse("it is neither https nor http");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("it goes on after the path");
    }
    Ok(url)
}

/// The secret is not shown.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("auth", &self.auth.as_str())
            .field("gateway", &self.gateway.as_str())
            .field("v2", &self.v2.as_str())
            .field("client_id", &self.client_id)
            .field("scope", &self.scope)
            .field("api_version", &self.api_version)
            .field("retry", &self.retry)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(base: &str, expected: Result<[&str; 2], &str>) {
        let addresses = Config::new(base, "id", "secret")
            .map(|config| [&config.auth, &config.v2].map(|url| extended(url, &["enrollments", "1"]).to_string()));
        let addresses = addresses.map_err(|error| error.to_string());
        assert_eq!(addresses, expected.map(|urls| urls.map(str::to_owned)).map_err(str::to_owned));
    }

    #[test]
    fn all_addresses_follow_from_one() {
        let both = ["https://bell.example/enrollments/1", "https://bell.example/v2/enrollments/1"];
        check("https://bell.example", Ok(both));
        check("https://bell.example/", Ok(both));
        check(
            "http://127.0.0.1:8420/api/",
            Ok(["http://127.0.0.1:8420/api/enrollments/1", "http://127.0.0.1:8420/api/v2/enrollments/1"]),
        );
    }

    #[test]
    fn an_address_that_cannot_be_extended_is_refused() {
        let refuse = |url: &str, why: &str| {
            check(url, Err(&format!("the address {url:?} cannot be used: {why}")));
        };
        refuse("bell.example", "relative URL without a base");
        refuse("ftp://bell.example", "it is neither https nor http");
        refuse("mailto:bell", "it is neither https nor http");
        refuse("https://bell.example/?a=b", "it goes on after the path");
        check("https://me:pw@", Err("the address \"…\" cannot be used: empty host"));
        check(
            "https://me:pw@bell.example",
            Err("the address \"…\" cannot be used: it holds a user name or a password"),
        );
    }

    #[test]
    fn only_loopback_is_local() {
        let check =
            |base: &str, expected| assert_eq!(Config::new(base, "", "").unwrap().is_local(), expected, "{base}");
        check("http://localhost:8420", true);
        check("http://127.0.0.1:8420", true);
        check("http://[::1]:8420", true);
        check("http://192.168.0.1", false);
        check("https://localhost.example", false);
    }

    #[test]
    fn the_secret_is_not_shown() {
        let config = Config::new("https://bell.example", "id", "hidden").unwrap();
        assert!(!format!("{config:?}").contains("hidden"));
    }
}
