//! `GET` and `POST /hub/{portal_id}/content/{id}/flag`: content is flagged for removal, or its dates are moved.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::id::{AnnouncementId, LearningObjectId};
use domain::learning_object::LearningObject;
use domain::learning_object::retirement::{Flag, NOTICE_YEARS_MAX, RetirementError};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::impact::{Concerned, ImpactRow};
use super::row::ContentRow;
use super::{change, find_own};
use crate::extract::{Act, Editor, Param, View};
use crate::flash::Flash;
use crate::form::{Errors, Form};
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};
use crate::when::When;

/// How a field for a date and a time is written, in UTC.
const WRITTEN: &str = "%Y-%m-%dT%H:%M:%S";
/// How many portals are shown.
const PORTALS_SHOWN: usize = 20;

#[derive(Template)]
#[template(path = "content/flag.html")]
struct FlagPage {
    shell: Shell,
    row: ContentRow,
    is_flagged: bool,
    form: Form,
    errors: Errors,
    default_at: Option<When>,
    earliest: String,
    impact: Vec<ImpactRow>,
    concerned: Concerned,
}

impl FlagPage {
    async fn of(hub: &Hub, view: &View, content: &LearningObject, form: Form, errors: Errors) -> Result<Self, Refusal> {
        let (now, impact) = (hub.now(), hub.store.list_impact(view.portal.id, content.id).await?);
        let doing = if content.retirement.is_some() { "Move the removal of" } else { "Flag" };
        Ok(FlagPage {
            shell: view.shell(Area::Content, format!("{doing} {}", content.title)),
            row: ContentRow::new(view, content, now),
            is_flagged: content.retirement.is_some(),
            form,
            errors,
            default_at: default_at(hub, content).map(When),
            earliest: written(now),
            impact: impact.iter().take(PORTALS_SHOWN).map(|one| ImpactRow::new(one, content.id)).collect(),
            concerned: Concerned::of(&impact),
        })
    }
}

/// When it would be gone if nobody said otherwise (decision 22).
fn default_at(hub: &Hub, content: &LearningObject) -> Option<Timestamp> {
    let fresh = LearningObject { retirement: None, ..content.clone() };
    let flagged = fresh.flag(Flag::default(), AnnouncementId::draw(&*hub.random), hub.now()).ok()?;
    flagged.0.retirement.map(|retirement| retirement.removed_at)
}

fn written(at: Timestamp) -> String {
    at.strftime(WRITTEN).to_string()
}

/// The dates as they are, or as they would be, and whom that concerns.
pub(crate) async fn form(
    State(hub): State<Hub>,
    Editor(view): Editor,
    Param(id): Param<LearningObjectId>,
) -> Result<Response, Refusal> {
    let content = find_own(&hub, &view, id).await?;
    let removed_at = content.retirement.map(|dates| dates.removed_at).or_else(|| default_at(&hub, &content));
    let retired_at = content.retirement.and_then(|dates| dates.retired_at);
    let form = Form::default()
        .with("removed_at", removed_at.map(written).unwrap_or_default())
        .with("retired_at", retired_at.map(written).unwrap_or_default());
    Ok(view.page(&FlagPage::of(&hub, &view, &content, form, Errors::default()).await?))
}

/// Flags it, or moves its dates: everybody concerned is told.
pub(crate) async fn flag(
    State(hub): State<Hub>,
    Param(id): Param<LearningObjectId>,
    Act { view, form }: Act,
) -> Result<Response, Refusal> {
    let mut errors = Errors::default();
    let removed_at = read(&form, "removed_at", &mut errors);
    let retired_at = read(&form, "retired_at", &mut errors);
    let asked = Flag { retired_at: Some(retired_at), removed_at, is_forced: form.has("force", "on") };
    if !errors.is_empty() {
        let content = find_own(&hub, &view, id).await?;
        return Ok(view.page_with_errors(&FlagPage::of(&hub, &view, &content, form, errors).await?));
    }
    let decide = |content: LearningObject| {
        let (after, news) = content.flag(asked, AnnouncementId::draw(&*hub.random), hub.now())?;
        Ok::<_, RetirementError>((after, Some(news)))
    };
    match change(&hub, &view, id, decide).await? {
        Ok(_) => {
            let said = "The dates are set. Every portal that holds it, or has somebody enrolled in it, is being told.";
            Ok(view.done(&hub, &view.path(format_args!("content/{id}")), Flash::good(said)))
        }
        Err((content, error)) => {
            let errors = refused(error);
            Ok(view.page_with_errors(&FlagPage::of(&hub, &view, &content, form, errors).await?))
        }
    }
}

/// A date and a time in UTC; none if nothing was typed in.
fn read(form: &Form, field: &str, errors: &mut Errors) -> Option<Timestamp> {
    let text = form.given(field)?;
    let read = text.parse::<DateTime>().and_then(|at| at.to_zoned(TimeZone::UTC));
    errors.take(field, read.map_err(|_| "write it like 2026-05-31T12:00, in UTC")).map(|at| at.timestamp())
}

/// What is wrong, in plain words beside the field.
fn refused(error: RetirementError) -> Errors {
    let (field, text) = match error {
        RetirementError::NotThere(state) => {
            ("form", format!("only what is published or retired can be flagged, and this is {}", state.as_str()))
        }
        RetirementError::NoticeTooShort(_) => (
            "force",
            "that is less than 60 days from now: choose a later date, or tick this to give less notice all the same"
                .to_owned(),
        ),
        RetirementError::InThePast(_) => ("removed_at", "that lies in the past".to_owned()),
        RetirementError::TooFar(_) => ("removed_at", format!("that lies more than {NOTICE_YEARS_MAX} years ahead")),
        RetirementError::RetiredAfterRemoved(..) => ("retired_at", "this must come before the removal".to_owned()),
        RetirementError::NotFlagged => ("form", "it is not flagged for removal".to_owned()),
    };
    Errors::one(field, text)
}
