//! `schoolbell companion …`: calls to a companion's own small API, which is not part of the platform's contract.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Response, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::completion::{self, CompletionsArgs};
use crate::people::{self, PeopleCommand};
use crate::unmatched::{self, UnmatchedCommand};

/// The longest answer that is read, in bytes. A completion has about 400, a retirement about 1,500.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long the companion may take, answer included.
const TIMEOUT: Duration = Duration::from_secs(20);

/// What can be asked of a companion.
#[derive(clap::Subcommand)]
pub enum CompanionCommand {
    /// List the completions that a companion has recorded
    Completions(CompletionsArgs),
    /// Tell a companion whom you know, so that it can say who completed
    #[command(subcommand)]
    People(PeopleCommand),
    /// See learners in whom nobody was recognised, and say who they are
    #[command(subcommand)]
    Unmatched(UnmatchedCommand),
}

pub(crate) async fn run(command: CompanionCommand, out: &mut dyn Write) -> anyhow::Result<()> {
    match command {
        CompanionCommand::Completions(args) => completion::run(&args, out).await,
        CompanionCommand::People(command) => people::run(command, out).await,
        CompanionCommand::Unmatched(command) => unmatched::run(command, out).await,
    }
}

/// Which companion.
#[derive(clap::Args)]
pub(crate) struct CompanionConnection {
    /// Address of the companion
    #[arg(long, env = "SCHOOLBELL_COMPANION_URL", value_name = "URL")]
    companion: String,
    /// Its api_token, if it has one; better given in the environment, where other users do not see it
    #[arg(long, env = "SCHOOLBELL_COMPANION_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Option<String>,
}

impl CompanionConnection {
    /// What is at `path`, with these parameters.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &[&str], query: &[(&str, String)]) -> anyhow::Result<T> {
        let body = self.call(Method::GET, path, query, |request| request).await?;
        serde_json::from_slice(&body).context("the answer is not what was asked for")
    }

    /// The same where it is no JSON.
    pub(crate) async fn get_text(&self, path: &[&str]) -> anyhow::Result<String> {
        String::from_utf8(self.call(Method::GET, path, &[], |request| request).await?).context("the answer is no text")
    }

    /// Posts a JSON body to `path`.
    pub(crate) async fn post(&self, path: &[&str], body: &Value) -> anyhow::Result<Value> {
        let body = self.call(Method::POST, path, &[], |request| request.json(body)).await?;
        serde_json::from_slice(&body).context("the answer is not what was asked for")
    }

    /// Posts a table to `path`, with these parameters.
    pub(crate) async fn post_csv(
        &self,
        path: &[&str],
        query: &[(&str, String)],
        csv: Vec<u8>,
    ) -> anyhow::Result<Value> {
        let with_table = |request: RequestBuilder| request.header(CONTENT_TYPE, "text/csv").body(csv);
        let body = self.call(Method::POST, path, query, with_table).await?;
        serde_json::from_slice(&body).context("the answer is not what was asked for")
    }

    async fn call(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
        with_body: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> anyhow::Result<Vec<u8>> {
        // A companion is one's own and near: no proxy that the environment names stands between.
        let http = reqwest::Client::builder().timeout(TIMEOUT).redirect(Policy::none()).no_proxy().build()?;
        let mut request = with_body(http.request(method, self.address(path, query)?));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await?;
        let status = response.status();
        let body = read(response).await?;
        if !status.is_success() {
            let message =
                serde_json::from_slice::<Value>(&body).ok().and_then(|body| Some(body["message"].as_str()?.to_owned()));
            bail!("the companion answered {status}: {}", message.as_deref().unwrap_or("it says no more"));
        }
        Ok(body)
    }

    fn address(&self, path: &[&str], query: &[(&str, String)]) -> anyhow::Result<Url> {
        let mut url =
            Url::parse(&self.companion).with_context(|| format!("reading the address {:?}", self.companion))?;
        let Ok(mut segments) = url.path_segments_mut() else { bail!("the address {:?} has no path", self.companion) };
        segments.pop_if_empty().extend(path);
        drop(segments);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }
}

async fn read(mut response: Response) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        ensure!(body.len() + chunk.len() <= ANSWER_BYTES_MAX, "the answer is longer than {ANSWER_BYTES_MAX} bytes");
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A value as people see it.
pub(crate) fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
