//! `schoolbell companion completions`: what a companion has recorded.
//!
//! Talks to the companion's own small API, which is not part of the platform's contract.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use comfy_table::Table;
use reqwest::redirect::Policy;
use reqwest::{Response, Url};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::output::{Output, rows};

/// The longest answer that is read, in bytes. A completion has about 400.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long the companion may take, answer included.
const TIMEOUT: Duration = Duration::from_secs(20);
/// What is shown of a completion, in this order.
const COLUMNS: [&str; 9] =
    ["cursor", "completed_at", "status", "pass", "email", "enrollment_id", "portal_id", "lo_id", "event_id"];

/// List the completions that a companion has recorded.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  schoolbell companion completions --companion http://127.0.0.1:8421 --after 17 --json"
)]
pub struct CompletionsArgs {
    /// Address of the companion
    #[arg(long, env = "SCHOOLBELL_COMPANION_URL", value_name = "URL")]
    companion: String,
    /// Its api_token, if it has one; better given in the environment, where other users do not see it
    #[arg(long, env = "SCHOOLBELL_COMPANION_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Only those after this cursor, which the call before has given
    #[arg(long, value_name = "CURSOR", default_value_t = 0)]
    after: u64,
    /// How many at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    #[command(flatten)]
    output: Output,
}

/// A page of completions, the oldest first.
#[derive(Serialize, Deserialize)]
struct Completions {
    completions: Vec<Map<String, Value>>,
    /// Where the next page begins; as asked for when there is nothing more yet.
    next_cursor: u64,
}

pub(crate) async fn run(args: &CompletionsArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let page = fetch(args).await.context("listing completions")?;
    args.output.write(out, &page, |page| table(&page.completions))?;
    args.output.remark(out, &format!("go on with --after {}", page.next_cursor))
}

async fn fetch(args: &CompletionsArgs) -> anyhow::Result<Completions> {
    let url = address(args)?;
    // A companion is one's own and near: no proxy that the environment names stands between.
    let http = reqwest::Client::builder().timeout(TIMEOUT).redirect(Policy::none()).no_proxy().build()?;
    let request = http.get(url);
    let request = match &args.token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    let response = request.send().await?;
    let status = response.status();
    let body = read(response).await?;
    if !status.is_success() {
        let message =
            serde_json::from_slice::<Value>(&body).ok().and_then(|body| Some(body["message"].as_str()?.to_owned()));
        bail!("the companion answered {status}: {}", message.as_deref().unwrap_or("it says no more"));
    }
    serde_json::from_slice(&body).context("the answer is not a page of completions")
}

fn address(args: &CompletionsArgs) -> anyhow::Result<Url> {
    let mut url = Url::parse(&args.companion).with_context(|| format!("reading the address {:?}", args.companion))?;
    let Ok(mut path) = url.path_segments_mut() else { bail!("the address {:?} has no path", args.companion) };
    path.pop_if_empty().push("completions");
    drop(path);
    url.query_pairs_mut().append_pair("after", &args.after.to_string()).append_pair("limit", &args.limit.to_string());
    Ok(url)
}

async fn read(mut response: Response) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        ensure!(body.len() + chunk.len() <= ANSWER_BYTES_MAX, "the answer is longer than {ANSWER_BYTES_MAX} bytes");
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn table(completions: &[Map<String, Value>]) -> Table {
    rows(COLUMNS, completions.iter().map(|completion| COLUMNS.map(|column| text(completion.get(column)))))
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
