//! What people do, and what follows from it.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use client::platform::Platform as Client;
use contract::api::enrollment::{CreateEnrollment, UpdateEnrollment};
use contract::api::learning_object::SetLearningObject;
use domain::clock::Clock;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::pages;
use super::stage::{Arrived, Stage, administrator};
use crate::demo::application::Removal;
use crate::demo::postbox::Letter;
use crate::demo::print::Printer;

/// When it begins: the flag.
pub(in crate::demo) const BEGINS: &str = "2026-03-02T09:00:00Z";
/// When a learner finishes who had begun.
const FINISHES: &str = "2026-04-20T14:00:00Z";
/// When the end of one course is moved, and the flag of the other is withdrawn.
const CHANGES: &str = "2026-05-11T10:00:00Z";
/// When the one course ends from then on.
const ENDS: &str = "2026-07-01T10:00:00Z";
/// When everybody has heard of it.
const OVER: &str = "2026-07-06T12:00:00Z";

/// How long a change waits for others that come with it before anybody is written to.
const SETTLES_FOR: SignedDuration = SignedDuration::from_mins(5);
/// The hours of a day at which the companion looks: those at which days begin, administrators get digests, and learners letters.
const HOURS: [i64; 3] = [0, 8, 9];
/// Each event tells the partner and its two customers.
const PORTALS: usize = 3;

/// The courses of the sandbox: the one that ends, and the one that stays.
const ENDING: usize = 0;
const STAYING: usize = 1;
const TITLES: [&str; 2] = ["Fire safety", "First aid at work"];

struct Story<'s> {
    stage: &'s mut Stage,
    show: &'s Printer,
    day_for: Duration,
    /// Other times at which something is due: a change is settled, something is to be removed.
    due: Vec<Timestamp>,
    events: usize,
    letters: Vec<Letter>,
    removals: Vec<Removal>,
}

/// An enrollment that the story comes back to.
struct Enrolled {
    id: String,
    email: String,
}

/// Who is told, and who is not.
struct Learners {
    /// Finishes before anybody has to be told.
    finishes: Enrolled,
    /// Does not.
    waits: Enrolled,
    /// Had finished before the flag.
    has_finished: Enrolled,
}

/// Plays all of it; a day in which nothing happens is shown for `day_for`.
pub(in crate::demo) async fn play(stage: &mut Stage, show: &Printer, day_for: Duration) -> Result<()> {
    show.title("Content that ends: flagged, told to everybody in time, removed by the date");
    show.done("another platform and companion, on a clock that runs fast: it stands still while anything happens");
    show.done("one webhook on the partner, a mail server that shows what it takes, the application that removes");
    let mut story =
        Story { stage, show, day_for, due: Vec::new(), events: 0, letters: Vec::new(), removals: Vec::new() };
    let learners = story.enroll().await?;
    story.flag(ENDING).await?;
    story.flag(STAYING).await?;
    story.impact().await?;
    story.until(FINISHES).await?;
    story.finish(&learners.finishes).await?;
    story.until(CHANGES).await?;
    story.change().await?;
    story.look().await?;
    story.until(ENDS).await?;
    story.end(&learners.finishes).await?;
    story.until(OVER).await?;
    story.prove(&learners).await
}

impl Story<'_> {
    fn now(&self) -> Timestamp {
        self.stage.clock.now()
    }

    fn say(&self, who: &str, text: &str) {
        self.show.at(self.now(), who, text, &[]);
    }

    /// Two learners in each customer: one of each will have to be told.
    async fn enroll(&mut self) -> Result<Learners> {
        let finishes = self.enrolled(0, 0, ENDING, "self-directed", "in-progress").await?;
        let waits = self.enrolled(0, 1, ENDING, "self-directed", "not-started").await?;
        self.enrolled(0, 1, STAYING, "self-directed", "in-progress").await?;
        self.enrolled(1, 0, ENDING, "assigned", "not-started").await?;
        let has_finished = self.enrolled(1, 1, ENDING, "self-directed", "in-progress").await?;
        complete(&self.stage.customers[1], &has_finished.id).await?;
        Ok(Learners { finishes, waits, has_finished })
    }

    async fn enrolled(
        &self,
        customer: usize,
        learner: usize,
        course: usize,
        kind: &str,
        status: &str,
    ) -> Result<Enrolled> {
        let user_account_id = self.stage.sandbox.customers[customer].user_account_ids[learner].clone();
        let create = self.enrollment(&user_account_id, course, kind, status);
        let platform = &self.stage.customers[customer];
        let id = platform.create_enrollment(&create).await.context("enrolling a learner")?.id;
        let user = platform.v2().user(user_account_id.parse()?).await.context("asking who the learner is")?;
        Ok(Enrolled { id, email: user.email })
    }

    fn enrollment(&self, user_account_id: &str, course: usize, kind: &str, status: &str) -> CreateEnrollment {
        CreateEnrollment {
            user_account_id: Some(user_account_id.to_owned()),
            lo_id: Some(self.lo_id(course).to_owned()),
            enrollment_type: Some(kind.to_owned()),
            status: Some(status.to_owned()),
            ..CreateEnrollment::default()
        }
    }

    fn lo_id(&self, course: usize) -> &str {
        &self.stage.sandbox.learning_objects[course].lo_id
    }

    /// Says how a course ends, and gives back when it does.
    async fn set(&self, course: usize, lifecycle: Value) -> Result<Option<Timestamp>> {
        let set: SetLearningObject = serde_json::from_value(json!({ "lifecycle": lifecycle }))?;
        let content = self.stage.partner.set_learning_object(self.lo_id(course), &set).await;
        let content = content.context("saying when content ends")?;
        Ok(content.lifecycle.pending_state.map(|pending| pending.removed_time.0))
    }

    async fn flag(&mut self, course: usize) -> Result<()> {
        let ends_at = self.set(course, json!({ "pending_state": {} })).await?.context("it ends")?;
        let ends = day(ends_at);
        let title = TITLES[course];
        self.say("platform", &format!("flags {title:?} for removal on {ends}: three months, as nobody said otherwise"));
        self.hear().await
    }

    /// Waits for the events that tell of a change.
    async fn hear(&mut self) -> Result<()> {
        let arrived = self.stage.hear(PORTALS).await?;
        self.events += arrived.len();
        let Some(Arrived { event_type, .. }) = arrived.first() else { bail!("no event came") };
        ensure!(arrived.iter().all(|one| one.event_type == *event_type), "events of other types came: {arrived:?}");
        let names: Vec<&str> = arrived.iter().map(|one| self.stage.name(&one.portal_id)).collect();
        let text = format!("{event_type} for {}: signatures good, kept, answered 200", names.join(", "));
        self.say("webhook", &text);
        let open = self.retirements("&state=scheduled").await?;
        self.due = open.iter().map(|one| time(one, "remove_here_at")).collect::<Result<_>>()?;
        self.due.push(self.now() + SETTLES_FOR);
        Ok(())
    }

    /// Who is concerned, as the companion found out with each portal's credentials.
    async fn impact(&mut self) -> Result<()> {
        self.tend().await?;
        let retirements = self.retirements("").await?;
        let concerned =
            retirements.iter().filter(|one| one["title"] == TITLES[ENDING] && one["learners"]["as_of"] != Value::Null);
        let lines: Vec<String> = concerned
            .filter(|one| self.stage.name(text(one, "portal_id")) != "the partner")
            .map(|one| {
                let of = |count: &str| one["learners"][count].to_string();
                let (in_progress, not_started, completed) = (of("in_progress"), of("not_started"), of("completed"));
                let portal = self.stage.name(text(one, "portal_id"));
                format!("{portal}: {in_progress} in progress, {not_started} not started, {completed} completed")
            })
            .collect();
        self.show.at(
            self.now(),
            "companion",
            &format!("asks each portal who is concerned by {:?}", TITLES[ENDING]),
            &lines,
        );
        Ok(())
    }

    async fn retirements(&self, query: &str) -> Result<Vec<Value>> {
        let page = self.stage.get_json(&format!("/retirements?limit=100{query}")).await?;
        let mut retirements = page["retirements"].as_array().context("retirements are a list")?.clone();
        retirements.sort_by_key(|one| self.stage.place(text(one, "portal_id")));
        Ok(retirements)
    }

    /// Goes on to `until`, and stops wherever something is due.
    async fn until(&mut self, until: &str) -> Result<()> {
        let until: Timestamp = until.parse()?;
        loop {
            let next = self.next_due()?;
            self.stage.go_to(next.min(until), self.day_for, |day| self.show.passing(day)).await;
            self.show.passed();
            if next >= until {
                return Ok(());
            }
            self.tend().await?;
        }
    }

    /// The next instant at which something may be due.
    fn next_due(&self) -> Result<Timestamp> {
        let now = self.now();
        let midnight = now.as_second() / 86_400 * 86_400;
        let hours = HOURS.into_iter().chain([24]).map(|hour| Timestamp::from_second(midnight + hour * 3_600));
        let hours = hours.collect::<Result<Vec<_>, _>>()?;
        let due = hours.into_iter().chain(self.due.iter().copied());
        due.filter(|at| *at > now).min().context("there is always a tomorrow")
    }

    /// Shows what the companion does that is due now.
    async fn tend(&mut self) -> Result<()> {
        let (removals, letters) = self.stage.tend().await?;
        for Removal { portal_id, title } in &removals {
            let portal = self.stage.name(portal_id);
            let text = format!("is asked to remove {title:?} for {portal}, signed: removes it, and confirms");
            self.say("application", &text);
        }
        for letter in &letters {
            let Letter { to, subject, .. } = letter;
            self.show.at(self.now(), "mail", &format!("to {to}: {subject}"), &letter.news());
        }
        self.removals.extend(removals);
        self.letters.extend(letters);
        Ok(())
    }

    async fn finish(&mut self, learner: &Enrolled) -> Result<()> {
        complete(&self.stage.customers[0], &learner.id).await?;
        self.say(
            "learner",
            &format!("{} completes {:?}, and is not written to about it", learner.email, TITLES[ENDING]),
        );
        Ok(())
    }

    /// The date is moved, and the flag of the other course withdrawn.
    async fn change(&mut self) -> Result<()> {
        self.set(ENDING, json!({ "pending_state": { "removed_time": ENDS } })).await?;
        self.say("platform", &format!("moves the end of {:?} to {}", TITLES[ENDING], day(ENDS.parse()?)));
        self.hear().await?;
        self.set(STAYING, json!({ "pending_state": null })).await?;
        self.say("platform", &format!("withdraws the flag of {:?}: it stays", TITLES[STAYING]));
        self.hear().await
    }

    /// An administrator looks at the table and the calendar.
    async fn look(&mut self) -> Result<()> {
        let at = self.next_due()?;
        self.stage.go_to(at, Duration::ZERO, |_| {}).await;
        self.tend().await?;
        let table = pages::table(&self.stage.get("/retirements.csv").await?)?;
        self.show.at(self.now(), "companion", "GET /retirements.csv, for spreadsheets; some of its columns:", &table);
        self.calendar().await
    }

    async fn calendar(&self) -> Result<()> {
        let email = administrator(0);
        let events = pages::events(&self.stage.calendar(&email).await?);
        self.show.at(self.now(), "companion", &format!("the calendar that {email} subscribed to has:"), &events);
        Ok(())
    }

    /// It is gone.
    async fn end(&mut self, learner: &Enrolled) -> Result<()> {
        self.say("platform", &format!("{:?} has ended", TITLES[ENDING]));
        self.hear().await?;
        let played = self.stage.play(self.lo_id(ENDING)).await?;
        ensure!(played == 410, "the player says {played}");
        self.say("platform", &format!("playing it is refused: {played}"));
        let customer = &self.stage.customers[0];
        let content = customer.learning_object(self.lo_id(ENDING)).await?;
        ensure!(content.lifecycle.state == "removed", "it is {}", content.lifecycle.state);
        let user_account_id = &self.stage.sandbox.customers[0].user_account_ids[1];
        let again = self.enrollment(user_account_id, ENDING, "self-directed", "not-started");
        let refused = customer.create_enrollment_again(&again).await.err().context("nobody can be enrolled")?;
        let refused = refused.refusal().context("the platform says so")?;
        ensure!(refused.status == 400, "{refused}");
        self.say("platform", &format!("enrolling is refused: {}, {}", refused.status, refused.error.message));
        let history = customer.enrollment(&learner.id).await?;
        ensure!(history.status == "completed", "history says {}", history.status);
        self.say("platform", &format!("history stays: enrollment {} is completed", history.id));
        Ok(())
    }

    /// What can be proved, and is checked.
    async fn prove(&self, learners: &Learners) -> Result<()> {
        self.calendar().await?;
        self.show.title("What is proved");
        self.prove_removed().await?;
        self.prove_withdrawn().await?;
        self.prove_told(learners)?;
        let events = self.events;
        let text = format!(
            "{events} events over the partner's one webhook, each delivered at the first attempt and kept once"
        );
        self.show.done(&text);
        Ok(())
    }

    /// What ended was removed before it did.
    async fn prove_removed(&self) -> Result<()> {
        let removed = self.retirements("&state=removed").await?;
        ensure!(removed.len() == PORTALS && self.removals.len() == PORTALS, "removed were {removed:?}");
        for one in &removed {
            let (removed_at, ends_at) = (time(&one["removal"], "removed_at")?, time(one, "remove_time")?);
            let before = ends_at.duration_since(removed_at);
            ensure!(before.is_positive(), "it was removed at {removed_at}, and ended at {ends_at}");
            let (portal, title) = (self.stage.name(text(one, "portal_id")), text(one, "title"));
            let (hours, minutes) = (before.as_hours(), before.as_mins() % 60);
            let text =
                format!("{title:?}, {portal}: removed {hours} h {minutes} min before the deadline, and confirmed");
            self.show.done(&text);
        }
        Ok(())
    }

    /// What stays was not removed, and whoever was told that it ends was told that it does not.
    async fn prove_withdrawn(&self) -> Result<()> {
        let (title, withdrawn) = (TITLES[STAYING], self.retirements("&state=withdrawn").await?);
        ensure!(withdrawn.len() == PORTALS, "withdrawn were {withdrawn:?}");
        ensure!(self.removals.iter().all(|removal| removal.title != title), "{title:?} was removed");
        let stays = [format!("{title}: It does not end after all."), format!("{title}: It stays, and you can go on.")];
        let told: BTreeSet<&str> = self.told_of(|news| news.starts_with(title)).collect();
        let told_so: BTreeSet<&str> = self.told_of(|news| stays.iter().any(|said| said == news)).collect();
        ensure!(told == told_so, "of {title:?} were told {told:?}, and that it stays {told_so:?}");
        let people = told.len();
        let text =
            format!("{title:?} stays: nothing was removed, and all {people} who were told otherwise were told so");
        self.show.done(&text);
        Ok(())
    }

    /// Who was told something of this kind.
    fn told_of(&self, is_meant: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
        let told = self.letters.iter().filter(move |letter| letter.news().iter().any(|news| is_meant(news)));
        told.map(|letter| letter.to.as_str())
    }

    /// Nobody was told anything twice, and whoever had finished nothing.
    fn prove_told(&self, Learners { finishes, waits, has_finished }: &Learners) -> Result<()> {
        let letters = self.letters.len();
        let different: BTreeSet<&Letter> = self.letters.iter().collect();
        ensure!(different.len() == letters, "somebody was told the same twice");
        let is_told = |learner: &Enrolled| different.iter().any(|letter| letter.to == learner.email);
        ensure!(is_told(waits), "a learner who had not finished was not told");
        ensure!(!is_told(finishes) && !is_told(has_finished), "a learner who had finished was told");
        let text = format!("{letters} letters, none of them twice, and none to the two learners who had finished");
        self.show.done(&text);
        Ok(())
    }
}

async fn complete(platform: &Client, enrollment_id: &str) -> Result<()> {
    let update =
        UpdateEnrollment { status: Some("completed".to_owned()), pass: Some(true), ..UpdateEnrollment::default() };
    platform.update_enrollment(enrollment_id, &update).await.context("completing an enrollment")?;
    Ok(())
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn time(value: &Value, field: &str) -> Result<Timestamp> {
    text(value, field).parse().with_context(|| format!("reading {field}"))
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%-d %B %Y, %H:%M").to_string()
}
