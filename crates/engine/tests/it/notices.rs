//! What administrators are told of a webhook that fails for days, and the mail of it.

use std::sync::Arc;

use async_trait::async_trait;
use domain::change::Change;
use domain::clock::Clock;
use domain::delivery::DeliveryState;
use domain::id::WebhookId;
use domain::notice::NoticeKind;
use domain::notice::mail::{MailOutcome, MailState, NoticeMail};
use domain::user_account::Role;
use domain::webhook::health::Warning;
use domain::webhook::{InactiveReason, WebhookStatus};
use engine::mailer::{Mail, Mailer};
use jiff::{SignedDuration, Timestamp};
use store::conformance::world::{PAGE, at};
use store::notice::MailedNotice;
use tokio::sync::{mpsc, oneshot};

use crate::time::at_once;
use crate::world::World;

/// A mail server that answers as the test says.
#[derive(Debug)]
struct Post(mpsc::UnboundedSender<Posted>);

/// A mail that reached the server, which has not answered yet.
struct Posted {
    mail: Mail,
    reply: oneshot::Sender<MailOutcome>,
}

#[async_trait]
impl Mailer for Post {
    async fn send(&self, mail: Mail) -> MailOutcome {
        let (reply, outcome) = oneshot::channel();
        self.0.send(Posted { mail, reply }).unwrap_or_else(|_| panic!("the test lasts as long as its engine"));
        match outcome.await {
            Ok(outcome) => outcome,
            // One that the test forgets is never answered.
            Err(_) => std::future::pending().await,
        }
    }
}

/// A world with a webhook of the partner, an administrator there, and a mail server.
struct Mailing {
    world: World,
    webhook_id: WebhookId,
    mails: mpsc::UnboundedReceiver<Posted>,
}

/// How long the task that mails rests when it has nothing to do; hardly anybody else waits for as long.
const REST: SignedDuration = SignedDuration::from_secs(20);

impl Mailing {
    async fn new() -> Self {
        let (posted, mails) = mpsc::unbounded_channel();
        // Without a circuit attempts are made exactly when the schedule says.
        let world = World::mailing(|settings| settings.circuit_failures = 1_000_000, Arc::new(Post(posted))).await;
        let mut account = world.platform.learner(world.platform.partner, "grace").await;
        account.roles = vec![Role::Administrator];
        world.store().save_user_account(Change::silent(account)).await.unwrap();
        let webhook_id =
            world.add_webhook(world.platform.partner, |webhook| webhook.name = Some("Main".to_owned())).await;
        Mailing { world, webhook_id, mails }
    }

    /// The notices of the partner, oldest first.
    async fn notices(&self) -> Vec<MailedNotice> {
        let listed = self.world.store().list_notices(self.world.platform.partner, None, PAGE).await.unwrap();
        listed.items.into_iter().rev().collect()
    }

    /// What is told, how many hours after the beginning.
    async fn told(&self) -> Vec<(i64, NoticeKind)> {
        let hours = |told_at: Timestamp| told_at.duration_since(at(1)).as_hours();
        self.notices().await.into_iter().map(|mailed| (hours(mailed.notice.at), mailed.notice.kind)).collect()
    }

    /// The next mail that reaches the server, however often the engine has to look for it.
    async fn mail(&mut self) -> Posted {
        let Mailing { world, mails, .. } = self;
        at_once(async {
            loop {
                tokio::select! {
                    biased;
                    mail = mails.recv() => return mail.expect("the engine has the sender"),
                    () = world.time.is_awaited(world.time.now() + REST) => world.time.pass(REST),
                }
            }
        })
        .await
    }

    /// The mail of the latest notice, once it is so.
    async fn mailed(&self, is_wanted: impl Fn(&NoticeMail) -> bool) -> NoticeMail {
        at_once(async {
            loop {
                let latest = self.notices().await.pop().expect("something was told");
                if let Some(mail) = latest.mails.into_iter().find(&is_wanted) {
                    return mail;
                }
                tokio::task::yield_now().await;
            }
        })
        .await
    }

    async fn is_sent(&self) {
        self.mailed(|mail| matches!(mail.state, MailState::Sent { .. })).await;
    }

    /// A delivery that is answered with 410.
    async fn be_gone(&mut self) {
        self.world.complete(0).await;
        self.world.arrival().await.answer(410);
        self.world.recorded(&self.webhook_id, 1).await;
    }

    /// Fails three deliveries at these seconds after the beginning, all of them each time; gives the subjects of the mails
    /// that come of it.
    async fn fail_at(&mut self, times: &[i64]) -> Vec<String> {
        let mut subjects = Vec::new();
        self.world.complete_often(0, 3).await;
        for (attempts, &second) in times.iter().enumerate() {
            self.world.time.pass(at(1 + second).duration_since(self.world.time.now()));
            for _ in 0..3 {
                self.world.arrival().await.answer(500);
            }
            at_once(self.are_recorded(attempts + 1)).await;
            let warned = self.notices().await.iter().filter(|mailed| mailed.mails.is_empty()).count();
            // What is given up gathers for an hour first.
            for _ in 0..warned {
                let posted = self.mail().await;
                subjects.push(posted.mail.subject);
                let _ = posted.reply.send(MailOutcome::Taken);
                self.is_all_sent().await;
            }
        }
        subjects
    }

    async fn are_recorded(&self, attempts: usize) {
        let partner = self.world.platform.partner;
        for delivery in self.world.deliveries(partner, &self.webhook_id).await {
            while self.world.store().list_attempts(partner, delivery.id).await.unwrap().len() < attempts {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Returns once no mail is on its way.
    async fn is_all_sent(&self) {
        let is_pending = |mail: &NoticeMail| matches!(mail.state, MailState::Pending { .. });
        at_once(async {
            while self.notices().await.iter().any(|mailed| mailed.mails.iter().any(is_pending)) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

/// When the default schedule attempts, in seconds after the first attempt; and then daily, for what has a deadline.
const SCHEDULE: [i64; 13] = [0, 5, 65, 365, 2_165, 9_365, 27_365, 63_365, 113_765, 185_765, 272_165, 358_565, 444_965];

#[tokio::test]
async fn five_days_of_failures_are_told_in_stages_and_mailed_once_each() {
    let mut mailing = Mailing::new().await;
    mailing.world.deadline_at = Some(at(30 * 86_400));
    let subjects = mailing.fail_at(&SCHEDULE).await;
    let stages: Vec<_> = mailing
        .told()
        .await
        .into_iter()
        .map(|(hour, kind)| match kind {
            NoticeKind::Failing { warning, since, .. } if since == at(1) => (hour, Some(warning)),
            NoticeKind::StoppedFailing { since, .. } if since == at(1) => (hour, None),
            other => panic!("{other:?} after {hour} hours"),
        })
        .collect();
    // The first attempts after one, three, four and five days.
    let [first, second, last] = Warning::ALL.map(Some);
    assert_eq!(stages, [(31, first), (75, second), (99, last), (123, None)]);
    let webhook = mailing.world.store().find_webhook(mailing.world.platform.partner, &mailing.webhook_id).await;
    assert_eq!(webhook.unwrap().unwrap().status, WebhookStatus::Inactive(InactiveReason::Failing));
    let since = "2023-11-14T22:13:21Z";
    assert_eq!(
        subjects,
        [
            format!("Webhook \"Main\" has been failing since {since}"),
            format!("Webhook \"Main\" has been failing since {since}"),
            "Webhook \"Main\" fails, and is stopped at 2023-11-19T22:13:21Z if that goes on".to_owned(),
            "Webhook \"Main\" was stopped: nothing but failures for days".to_owned(),
        ]
    );
    let deliveries = mailing.world.deliveries(mailing.world.platform.partner, &mailing.webhook_id).await;
    let held = DeliveryState::Held { reason: InactiveReason::Failing };
    assert_eq!(deliveries.iter().map(|delivery| delivery.state).collect::<Vec<_>>(), [held; 3]);
}

#[tokio::test]
async fn what_is_given_up_together_is_one_mail_that_counts() {
    let mut mailing = Mailing::new().await;
    let (last, before) = SCHEDULE[..11].split_last().unwrap();
    assert_eq!(mailing.fail_at(before).await.len(), 1, "the warning after a day");
    // The warning after three days and what is given up come of the same attempts.
    mailing.world.time.pass(at(1 + last).duration_since(mailing.world.time.now()));
    for _ in 0..3 {
        mailing.world.arrival().await.answer(500);
    }
    at_once(mailing.are_recorded(11)).await;
    let is_given_up = |kind: &NoticeKind| matches!(kind, NoticeKind::GivenUp { deliveries: 3, .. });
    assert_eq!(mailing.told().await.iter().filter(|(_, kind)| is_given_up(kind)).count(), 1);
    for subject in ["Webhook \"Main\" has been failing since", "Webhook \"Main\": 3 deliveries were given up"] {
        let posted = mailing.mail().await;
        assert!(posted.mail.subject.starts_with(subject), "{}", posted.mail.subject);
        let _ = posted.reply.send(MailOutcome::Taken);
        mailing.is_all_sent().await;
    }
    let waited = mailing.world.time.now().duration_since(at(1 + last));
    assert!(waited >= SignedDuration::from_hours(1), "{waited}");
}

#[tokio::test]
async fn mail_that_is_not_taken_now_is_sent_again_under_the_same_name() {
    let mut mailing = Mailing::new().await;
    mailing.be_gone().await;
    let first = mailing.mail().await;
    let _ = first.reply.send(MailOutcome::NotNow("451 later".to_owned()));
    let waiting = mailing.mailed(|mail| mail.error.is_some()).await;
    let due_at = mailing.world.time.now() + SignedDuration::from_mins(1);
    assert_eq!((waiting.state, waiting.error.as_deref()), (MailState::Pending { due_at }, Some("451 later")));
    let second = mailing.mail().await;
    assert!(mailing.world.time.now() >= due_at);
    assert_eq!(second.mail, first.mail);
    let _ = second.reply.send(MailOutcome::Taken);
    mailing.is_sent().await;
}

#[tokio::test]
async fn a_mail_server_that_takes_nothing_is_not_asked_again_at_once() {
    let mut mailing = Mailing::new().await;
    let partner = mailing.world.platform.partner;
    // With the one who is there already, one more than are mailed at once.
    for i in 0..8 {
        let mut account = mailing.world.platform.learner(partner, &format!("ada{i}")).await;
        account.roles = vec![Role::Administrator];
        mailing.world.store().save_user_account(Change::silent(account)).await.unwrap();
    }
    mailing.be_gone().await;
    let mut together = Vec::new();
    for _ in 0..8 {
        together.push(mailing.mail().await);
    }
    let asked_at = mailing.world.time.now();
    for posted in together {
        let _ = posted.reply.send(MailOutcome::NotNow("no connection".to_owned()));
    }
    let ninth = mailing.mail().await;
    assert!(mailing.world.time.now().duration_since(asked_at) >= REST);
    let _ = ninth.reply.send(MailOutcome::Taken);
}

#[tokio::test]
async fn mail_that_is_refused_is_given_up_visibly() {
    let mut mailing = Mailing::new().await;
    mailing.be_gone().await;
    let _ = mailing.mail().await.reply.send(MailOutcome::Refused("550 nobody".to_owned()));
    let failed = mailing.mailed(|mail| matches!(mail.state, MailState::Failed { .. })).await;
    assert_eq!((failed.address.as_str(), failed.error.as_deref()), ("grace@example.com", Some("550 nobody")));
}

#[tokio::test]
async fn a_node_that_dies_while_it_mails_leaves_the_mail_to_the_next() {
    let mut mailing = Mailing::new().await;
    mailing.be_gone().await;
    let under_way = mailing.mail().await;
    mailing.world.stop().await;
    mailing.world.start();
    mailing.world.time.pass(SignedDuration::from_secs(120));
    let again = mailing.mail().await;
    assert_eq!(again.mail, under_way.mail);
    let _ = again.reply.send(MailOutcome::Taken);
    mailing.is_sent().await;
}

#[tokio::test]
async fn a_hanging_mail_server_does_not_hold_deliveries_up() {
    let mut mailing = Mailing::new().await;
    mailing.be_gone().await;
    let _never_answered = mailing.mail().await;
    let other = mailing.world.add_webhook(mailing.world.platform.partner, |_| {}).await;
    mailing.world.complete(0).await;
    let arrival = mailing.world.arrival().await;
    assert_eq!(arrival.webhook_id(), other);
    arrival.answer(200);
    mailing.world.recorded(&other, 1).await;
}

#[tokio::test]
async fn without_a_mail_server_notices_are_told_and_not_mailed() {
    let mut world = World::new().await;
    let webhook_id = world.add_webhook(world.platform.partner, |_| {}).await;
    world.complete(0).await;
    world.arrival().await.answer(410);
    world.recorded(&webhook_id, 1).await;
    world.time.is_awaited(world.time.now() + SignedDuration::from_secs(30)).await;
    world.time.pass(SignedDuration::from_hours(24));
    world.time.is_awaited(world.time.now() + SignedDuration::from_secs(30)).await;
    let listed = world.store().list_notices(world.platform.partner, None, PAGE).await.unwrap();
    let told: Vec<_> = listed.items.iter().map(|mailed| (&mailed.notice.kind, mailed.mails.len())).collect();
    assert_eq!(told, [(&NoticeKind::StoppedGone, 0)]);
}
