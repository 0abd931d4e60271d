//! What the operator decides: defaults, then a TOML file, then the environment, then flags; the later wins.
//!
//! One file for each section. Unknown keys are refused, so that a mistyped one is noticed before it matters.

pub(crate) mod companion;
pub(crate) mod delivery;
pub(crate) mod hub;
pub(crate) mod limits;
pub(crate) mod log;
pub(crate) mod mail;
pub(crate) mod player;
pub(crate) mod retention;
pub(crate) mod scorm;
pub(crate) mod server;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};

use self::hub::HubSection;
use self::mail::MailSection;
use self::player::PlayerSection;
use self::scorm::ScormSection;
use companion::CompanionSection;
use delivery::DeliverySection;
use limits::LimitsSection;
use log::LogSection;
use retention::RetentionSection;
use server::ServerSection;

/// Everything that can be configured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// The folder that holds the database and its key.
    pub(crate) data: Option<PathBuf>,
    /// Where the platform listens, and within which limits.
    pub(crate) server: ServerSection,
    /// How events are delivered, and where they may go.
    pub(crate) delivery: DeliverySection,
    /// For how long what happened is kept.
    pub(crate) retention: RetentionSection,
    /// Where learners play.
    pub(crate) player: PlayerSection,
    /// Where people without a terminal look after it all.
    pub(crate) hub: HubSection,
    /// What packages carry along.
    pub(crate) scorm: ScormSection,
    /// How often callers of the API may ask.
    pub(crate) limits: LimitsSection,
    /// By which server notices are mailed.
    pub(crate) mail: MailSection,
    /// What is logged, and how.
    pub(crate) log: LogSection,
    /// The receiving application.
    pub(crate) companion: CompanionSection,
}

/// The folder that is used when none is named.
pub(crate) const DATA: &str = "schoolbell-data";

impl Config {
    /// Reads a file, or the defaults if there is none.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Config::default()) };
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        Config::parse(&text).with_context(|| format!("reading {}", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let deserializer = toml::Deserializer::parse(text).map_err(|error| anyhow!(without_values(&error, text)))?;
        serde_path_to_error::deserialize(deserializer).map_err(|error| {
            let path = error.path().to_string();
            anyhow!("{path}: {}", without_values(error.inner(), text))
        })
    }

    /// The data folder.
    pub(crate) fn data(&self) -> &Path {
        self.data.as_deref().unwrap_or(Path::new(DATA))
    }
}

/// What is wrong and where, without what stands there: it may be a secret, and this may be logged.
fn without_values(error: &toml::de::Error, text: &str) -> String {
    let said = without_value(error.message());
    let Some(span) = error.span() else { return said };
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("{said}, at line {line}, column {column}")
}

/// The same of a message alone.
fn without_value(message: &str) -> String {
    let quotes_a_value =
        ["invalid type", "invalid value", "invalid length"].iter().any(|kind| message.starts_with(kind));
    match message.split_once(", expected ") {
        Some((_, expected)) if quotes_a_value => format!("expected {expected}"),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_without_what_stands_there() {
        for (text, expected) in [
            ("[mail]\npassword = 12345678", "mail.password: expected a string, at line 2, column 12"),
            (
                "[companion]\nsecrets = [\"12345678\", 3]",
                "companion.secrets[1]: expected a string, at line 2, column 24",
            ),
            ("[mail]\npassword = \"12345678", "line 2"),
            ("[mail]\npasword = \"12345678\"", "unknown field `pasword`"),
        ] {
            let error = format!("{:#}", Config::parse(text).unwrap_err());
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("12345678"), "{error}");
        }
    }

    const SAMPLE: &str = include_str!("../../../docs/schoolbell.toml");

    #[test]
    fn the_sample_file_is_the_defaults() {
        assert_eq!(Config::parse(SAMPLE).unwrap(), Config::default());
    }

    #[test]
    fn the_sample_file_names_every_key() {
        // What is off by default stands in the sample behind a `# `.
        let lines =
            SAMPLE.lines().map(|line| line.strip_prefix("# ").filter(|line| line.contains(" = ")).unwrap_or(line));
        let everything = Config::parse(&lines.collect::<Vec<_>>().join("\n")).unwrap();
        let written = toml::to_string(&everything).unwrap();
        for key in [
            "data",
            "metrics_listen",
            "api_listen",
            "api_token",
            "secrets",
            "portals",
            "retry_delays_s",
            "host",
            "port",
            "user",
            "password",
            "password_file",
            "from",
            "authorities_file",
            "egress_proxy",
            "egress_proxy_credentials",
            "public_url",
            "administrators",
            "removal_hook_url",
            "removal_hook_secret",
            "details_from",
            "external_id_from",
            "schemas",
        ] {
            assert!(
                written.contains(&format!("{key} =")) || written.contains(&format!("{key}]")),
                "{key} in {written}"
            );
        }
    }

    #[track_caller]
    fn check_refused(text: &str, part: &str) {
        let error = format!("{:#}", Config::parse(text).unwrap_err());
        assert!(error.contains(part), "{error}");
    }

    #[test]
    fn unknown_and_unfit_keys_are_refused_by_name() {
        check_refused("[server]\nlisten_on = \"127.0.0.1:1\"", "listen_on");
        check_refused("[servers]", "servers");
        check_refused("[server]\nlisten = 8420", "server.listen");
        check_refused("[delivery]\nconcurrency = \"many\"", "delivery.concurrency");
        check_refused("[mail]\ntls = \"maybe\"", "mail.tls");
        check_refused("[companion]\ndetails_from = \"guess\"", "companion.details_from");
        let name = "companion.external_id_from: \"cmi.learner_name\" is a name, and nobody is known by a name alone, at line 2";
        check_refused("[companion]\nexternal_id_from = \"cmi.learner_name\"", name);
        let portal = "[[companion.portals]]\nportal_id = \"1\"\nclient_id = \"c\"\nclient_secret = \"s\"\n";
        assert!(Config::parse(portal).is_ok());
        let nothing = "companion.portals[0].external_id_from: \":ref\" names no field";
        check_refused(&format!("{portal}external_id_from = \":ref\""), nothing);
        check_refused(&format!("{portal}detail_from = \"both\""), "unknown field `detail_from`");
        check_refused("[delivery", "unclosed table, expected `]`, at line 1, column 10");
    }
}
