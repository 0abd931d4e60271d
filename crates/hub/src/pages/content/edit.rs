//! `GET` and `POST /hub/{portal_id}/content/{id}/edit`: language, topics, and what may take its place.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::id::LearningObjectId;
use domain::learning_object::{LearningObject, LearningObjectError, REPLACEMENTS_MAX, TOPICS_MAX};

use super::row::ContentRow;
use super::{change, find_own};
use crate::extract::{Act, Editor, Param, View};
use crate::flash::Flash;
use crate::form::{Errors, Form};
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

#[derive(Template)]
#[template(path = "content/edit.html")]
struct Edit {
    shell: Shell,
    row: ContentRow,
    form: Form,
    errors: Errors,
}

impl Edit {
    fn of(hub: &Hub, view: &View, content: &LearningObject, form: Form, errors: Errors) -> Self {
        let shell = view.shell(Area::Content, format!("Edit {}", content.title));
        Edit { shell, row: ContentRow::new(view, content, hub.now()), form, errors }
    }
}

/// What may be changed here, as it is.
pub(crate) async fn form(
    State(hub): State<Hub>,
    Editor(view): Editor,
    Param(id): Param<LearningObjectId>,
) -> Result<Response, Refusal> {
    let content = find_own(&hub, &view, id).await?;
    let replacements: Vec<_> = content.replacements.iter().map(ToString::to_string).collect();
    let form = Form::default()
        .with("language", content.language.clone().unwrap_or_default())
        .with("topics", content.topics.join("\n"))
        .with("replacements", replacements.join("\n"));
    Ok(view.page(&Edit::of(&hub, &view, &content, form, Errors::default())))
}

/// Changes it.
pub(crate) async fn edit(
    State(hub): State<Hub>,
    Param(id): Param<LearningObjectId>,
    Act { view, form }: Act,
) -> Result<Response, Refusal> {
    let decide = |mut content: LearningObject| {
        content.language = form.given("language").map(str::to_owned);
        content.topics = Vec::new();
        for topic in lines(&form, "topics").map(str::to_owned) {
            if !content.topics.contains(&topic) {
                content.topics.push(topic);
            }
        }
        let read = lines(&form, "replacements").map(|line| {
            let wrong = || Errors::one("replacements", format!("{line:?} is not the number of content"));
            line.parse::<LearningObjectId>().map_err(|_| wrong())
        });
        content.replacements = read.collect::<Result<_, _>>()?;
        content.updated_at = hub.now();
        content.check().map_err(refused)?;
        Ok((content, None))
    };
    match change(&hub, &view, id, decide).await? {
        Ok(_) => Ok(view.done(&hub, &view.path(format_args!("content/{id}")), Flash::good("The content is changed."))),
        Err((content, errors)) => Ok(view.page_with_errors(&Edit::of(&hub, &view, &content, form, errors))),
    }
}

fn lines<'a>(form: &'a Form, field: &'a str) -> impl Iterator<Item = &'a str> {
    form.text(field).lines().map(str::trim).filter(|line| !line.is_empty())
}

fn refused(error: LearningObjectError) -> Errors {
    match error {
        LearningObjectError::Language => {
            Errors::one("language", "write it as a tag, such as en or pt-BR: letters, digits and hyphens")
        }
        LearningObjectError::Topics => {
            Errors::one("topics", format!("at most {TOPICS_MAX} topics of 1 to 100 characters each"))
        }
        LearningObjectError::Replacements => {
            Errors::one("replacements", format!("name at most {REPLACEMENTS_MAX} others, and not this one itself"))
        }
        LearningObjectError::Title
        | LearningObjectError::Description
        | LearningObjectError::ExternalId
        | LearningObjectError::Kind(_) => Errors::one("form", error),
    }
}
