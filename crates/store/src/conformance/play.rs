//! Who may play what.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::change::Change;
use domain::destination::{Destination, LmsOrigin};
use domain::enrollment::Status;
use domain::id::{DestinationId, DestinationToken, EnrollmentId, LearningActivityId, LearningObjectId, PortalId};
use domain::learning_activity::{LearningActivity, RecordKind, ScormRecord, ScormVersion};
use domain::learning_object::retirement::{Flag, Retirement};
use domain::oauth::Digest;
use domain::play::{Holder, Launched, OneTimeToken, Place, PlaySession};
use domain::random::Random;
use domain::user_account::UserAccountPatch;
use jiff::SignedDuration;

use super::world::{PAGE, World, at};
use crate::Store;
use crate::error::StoreError;
use crate::id::Sequence;
use crate::learning_object::LearningObjectRef;
use crate::play::{NewLaunch, NewSeat};

/// Stores a destination of a portal.
pub(super) async fn add_destination(world: &World, portal_id: PortalId) -> DestinationId {
    let id = DestinationId(world.store.next_id(Sequence::Destination).await.unwrap());
    let token = DestinationToken::draw(&world.random as &dyn Random);
    let destination = Destination::default_of(portal_id, id, token, at(0));
    world.store.save_destination(Change::silent(destination)).await.unwrap();
    id
}

/// A launch of the learner of customer 0, in an enrollment that is stored for it.
pub(super) async fn launch(world: &World, n: u8) -> NewLaunch {
    let [portal_id, _] = world.customers;
    let destination_id = add_destination(world, portal_id).await;
    let enrollment_id = world.enroll_somebody(0, &format!("player{n}"), Status::InProgress, 1).await;
    let enrollment = world.store.find_enrollment(portal_id, enrollment_id).await.unwrap().unwrap();
    let activity = LearningActivity {
        id: LearningActivityId::draw(&world.random as &dyn Random),
        portal_id,
        enrollment_id,
        lo_id: world.lo,
        user_account_id: enrollment.user_account_id,
        destination_id,
        scorm_version: ScormVersion::V1_2,
        values: BTreeMap::from([("cmi.core.student_id".to_owned(), "ada".into())]),
        lms_write: None,
        created_at: at(2),
        updated_at: at(2),
    };
    let record = ScormRecord {
        activity_id: activity.id.clone(),
        sequence: 0,
        kind: RecordKind::Launch,
        values: r#"{ "cmi.core.student_id":"ada" }"#.to_owned(),
        lms_write: None,
        at: at(2),
    };
    let token = OneTimeToken {
        digest: Digest([n; 32]),
        portal_id,
        user_account_id: enrollment.user_account_id,
        lo_id: Some(world.lo),
        launch: Some(Launched {
            enrollment_id,
            activity_id: activity.id.clone(),
            destination_id,
            origin: Some(LmsOrigin::parse("https://lms.example.com").unwrap()),
        }),
        created_at: at(2),
        expires_at: at(62),
    };
    let session = session(&token, enrollment_id, n.wrapping_add(100), Holder::Package);
    NewLaunch { activity, record, session, token }
}

fn session(token: &OneTimeToken, enrollment_id: EnrollmentId, n: u8, holder: Holder) -> PlaySession {
    PlaySession {
        digest: Digest([n; 32]),
        holder,
        portal_id: token.portal_id,
        user_account_id: token.user_account_id,
        lo_id: token.lo_id.unwrap(),
        enrollment_id,
        launch: token.launch.as_ref().map(|launch| (launch.activity_id.clone(), launch.destination_id)),
        sequence: 0,
        created_at: at(3),
        expires_at: at(1_000),
    }
}

async fn seat(
    world: &World,
    portal_id: PortalId,
    destination_id: DestinationId,
    learner: u8,
    seats_max: Option<u32>,
) -> NewSeat {
    let mut account = world.learner(portal_id, "made-up").await;
    account.email = domain::user_account::EmailAddress::parse(&format!("{}@example.com", account.id)).unwrap();
    let learner = Digest([learner; 32]);
    NewSeat { destination_id, seats_max, learner, account: Change::silent(account), at: at(1) }
}

/// A learner has one account in a portal, however many destinations they come from, and another one in another portal.
pub async fn a_learner_has_one_account_in_a_portal(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let [portal_id, sibling] = world.customers;
    let first = add_destination(&world, portal_id).await;
    let second = add_destination(&world, portal_id).await;
    let elsewhere = add_destination(&world, sibling).await;
    let take = async |portal_id, destination_id, learner| {
        let seat = seat(&world, portal_id, destination_id, learner, None).await;
        world.store.save_seat(seat).await.unwrap()
    };
    assert_eq!(world.store.find_seat(first, &Digest([7; 32])).await.unwrap(), None);
    let ada = take(portal_id, first, 7).await;
    assert_eq!(world.store.find_seat(first, &Digest([7; 32])).await.unwrap(), Some(ada));
    assert_eq!(world.store.find_seat(second, &Digest([7; 32])).await.unwrap(), None);
    assert_eq!(world.store.count_seats(second).await.unwrap(), 0);
    assert_eq!(take(portal_id, first, 7).await, ada);
    assert_eq!(take(portal_id, second, 7).await, ada);
    assert_ne!(take(portal_id, first, 8).await, ada);
    let other = take(sibling, elsewhere, 7).await;
    assert_ne!(other, ada);
    assert!(world.store.find_user_account(portal_id, ada).await.unwrap().is_some());
    assert!(world.store.find_user_account(sibling, other).await.unwrap().is_some());
}

/// Of many learners who come at once as many are let in as there are seats; whoever has one comes again.
pub async fn seats_are_exact_under_contention(store: Arc<dyn Store>) {
    const SEATS: u32 = 5;
    let world = World::new(store).await;
    let portal_id = world.customers[0];
    let destination_id = add_destination(&world, portal_id).await;
    let mut taking = Vec::new();
    for learner in 0..40 {
        // Each of twenty comes twice.
        let seat = seat(&world, portal_id, destination_id, learner / 2, Some(SEATS)).await;
        let store = world.store.clone();
        taking.push(tokio::spawn(async move { (learner / 2, store.save_seat(seat).await) }));
    }
    let mut seated = BTreeMap::new();
    for taken in taking {
        match taken.await.unwrap() {
            (learner, Ok(account)) => assert_eq!(*seated.entry(learner).or_insert(account), account),
            (_, Err(StoreError::LimitReached(max))) => assert_eq!(max, SEATS as usize),
            (_, Err(error)) => panic!("{error:?}"),
        }
    }
    assert_eq!(seated.len(), SEATS as usize);
    assert_eq!(world.store.count_seats(destination_id).await.unwrap(), u64::from(SEATS));
    let (learner, account) = seated.pop_first().unwrap();
    let again = seat(&world, portal_id, destination_id, learner, Some(1)).await;
    assert_eq!(world.store.save_seat(again).await.unwrap(), account, "a seat is kept, also when there are fewer now");
    let stranger = seat(&world, portal_id, destination_id, 99, None).await;
    world.store.save_seat(stranger).await.unwrap();
}

/// An account that is blocked ends what it was to play with, also when it is let in again.
pub async fn a_blocked_account_ends_its_tokens_and_sessions(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let launch = launch(&world, 1).await;
    world.store.save_launch(launch.clone()).await.unwrap();
    let (portal_id, account_id) = (launch.session.portal_id, launch.session.user_account_id);
    let are_there = async |second: i64| {
        let token = world.store.find_one_time_token(&launch.token.digest, at(second)).await.unwrap();
        let session = world.store.find_play_session(&launch.session.digest, at(second)).await.unwrap();
        (token.is_some(), session.is_some())
    };
    let began = launch.session.created_at.duration_since(at(0)).as_secs();
    assert_eq!(are_there(began + 1).await, (true, true));
    for (active, second) in [(false, began + 2), (true, began + 3)] {
        let found = world.store.find_user_account(portal_id, account_id).await.unwrap().unwrap();
        let patch = UserAccountPatch { active: Some(active), ..Default::default() };
        world.store.save_user_account(found.update(patch, at(second)).unwrap()).await.unwrap();
        // Who brings the token of a blocked account is to be told that it is blocked.
        assert_eq!(are_there(second).await, (!active, false));
    }
}

/// A launch is stored with its activity, its record, its session and its token, all of them or none.
pub async fn a_launch_is_one(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let portal_id = world.customers[0];
    let first = launch(&world, 1).await;
    world.store.save_launch(first.clone()).await.unwrap();
    let found = world.store.find_one_time_token(&first.token.digest, at(61)).await.unwrap();
    assert_eq!(found, Some(first.token.clone()));
    let found = world.store.find_play_session(&first.session.digest, at(999)).await.unwrap();
    assert_eq!(found, Some(first.session.clone()));
    let listed = world.store.list_learning_activities(portal_id, first.activity.enrollment_id, PAGE).await.unwrap();
    assert_eq!(listed.items, [first.activity]);
    let records = world.store.list_scorm_records(portal_id, &first.record.activity_id, PAGE).await.unwrap();
    assert_eq!(records.items, [first.record]);
    // The token is another's, so nothing of this one is stored.
    let mut second = launch(&world, 2).await;
    second.token.digest = first.token.digest;
    let refused = world.store.save_launch(second.clone()).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    assert_eq!(world.store.find_play_session(&second.session.digest, at(9)).await.unwrap(), None);
    let listed = world.store.list_learning_activities(portal_id, second.activity.enrollment_id, PAGE).await.unwrap();
    assert_eq!(listed.total, 0);
}

/// Of many who come with one token, one gets a session; whoever only looks uses nothing up.
pub async fn a_token_is_used_once(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let NewLaunch { token, activity, .. } = {
        let launch = launch(&world, 1).await;
        world.store.save_launch(launch.clone()).await.unwrap();
        launch
    };
    for _ in 0..3 {
        assert!(world.store.find_one_time_token(&token.digest, at(10)).await.unwrap().is_some());
    }
    let exchanges = (10..30_u8).map(|n| {
        let (store, spent) = (world.store.clone(), token.digest);
        let session = session(&token, activity.enrollment_id, n, Holder::Player);
        tokio::spawn(async move { (session.digest, store.save_play_session(&spent, session).await.unwrap()) })
    });
    let mut given = Vec::new();
    for exchange in exchanges.collect::<Vec<_>>() {
        let (digest, is_given) = exchange.await.unwrap();
        let found = world.store.find_play_session(&digest, at(10)).await.unwrap();
        assert_eq!(found.is_some(), is_given);
        given.extend(is_given.then_some(digest));
    }
    assert_eq!(given.len(), 1);
    assert_eq!(world.store.find_one_time_token(&token.digest, at(10)).await.unwrap(), None);
}

/// Neither a token nor a session is good from its end on.
pub async fn tokens_and_sessions_end(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let NewLaunch { token, session: package, activity, .. } = {
        let launch = launch(&world, 1).await;
        world.store.save_launch(launch.clone()).await.unwrap();
        launch
    };
    assert_eq!(world.store.find_one_time_token(&token.digest, token.expires_at).await.unwrap(), None);
    let mut late = session(&token, activity.enrollment_id, 9, Holder::Player);
    late.created_at = token.expires_at;
    assert!(!world.store.save_play_session(&token.digest, late.clone()).await.unwrap());
    assert_eq!(world.store.find_play_session(&late.digest, at(100)).await.unwrap(), None);
    assert!(world.store.find_play_session(&package.digest, at(999)).await.unwrap().is_some());
    assert_eq!(world.store.find_play_session(&package.digest, package.expires_at).await.unwrap(), None);
    let login = OneTimeToken { digest: Digest([3; 32]), lo_id: None, launch: None, ..token };
    world.store.save_one_time_token(login.clone()).await.unwrap();
    assert_eq!(world.store.find_one_time_token(&login.digest, at(9)).await.unwrap(), Some(login.clone()));
    let twin = world.store.save_one_time_token(login).await;
    assert!(matches!(twin, Err(StoreError::Conflict)), "{twin:?}");
}

/// A place is stored if it is later than what the session reported before; what is not said stays.
pub async fn places_are_reported_in_order(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let NewLaunch { token, activity, .. } = {
        let launch = launch(&world, 1).await;
        world.store.save_launch(launch.clone()).await.unwrap();
        launch
    };
    let session = session(&token, activity.enrollment_id, 9, Holder::Player);
    assert!(world.store.save_play_session(&token.digest, session.clone()).await.unwrap());
    let place = |location: &str, share| Place { location: Some(location.to_owned()), resume: None, share };
    let report = async |sequence, place| world.store.save_place(&session.digest, sequence, place, at(9)).await.unwrap();
    assert_eq!(world.store.find_place(activity.enrollment_id).await.unwrap(), None);
    assert!(report(2, Place { resume: Some("{}".to_owned()), ..place("page 2", Some(0.5)) }).await);
    assert!(!report(1, place("page 1", Some(0.1))).await);
    assert!(!report(2, place("page 0", None)).await);
    assert!(report(3, place("page 3", None)).await);
    let found = world.store.find_place(activity.enrollment_id).await.unwrap().unwrap();
    let expected = Place { location: Some("page 3".to_owned()), resume: Some("{}".to_owned()), share: Some(0.5) };
    assert_eq!(found, expected);
    let read = world.store.find_play_session(&session.digest, at(9)).await.unwrap().unwrap();
    assert_eq!(read.sequence, 3);
    let nobody = world.store.save_place(&Digest([77; 32]), 9, place("x", None), at(9)).await.unwrap();
    assert!(!nobody);
}

/// Whether content is gone goes by its dates.
pub async fn removed_content_is_known(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let gone = async |id, second| world.store.is_content_removed(id, at(second)).await.unwrap();
    assert!(!gone(world.lo, 0).await && !gone(LearningObjectId(1), 0).await);
    let by_id = LearningObjectRef::Id(world.lo);
    let lo = world.store.find_learning_object(world.partner, &by_id).await.unwrap().unwrap();
    let removed_at = at(0) + SignedDuration::from_hours(61 * 24);
    let flag = Flag { removed_at: Some(removed_at), ..Default::default() };
    let id = domain::id::AnnouncementId::draw(&world.random as &dyn Random);
    let (lo, news) = lo.flag(flag, id, at(0)).unwrap();
    assert!(matches!(lo.retirement, Some(Retirement { removed_at: at, .. }) if at == removed_at));
    world.store.save_retirement(lo, news).await.unwrap();
    let last = removed_at.duration_since(at(0)).as_secs();
    assert!(!gone(world.lo, last - 1).await && gone(world.lo, last).await);
}

/// What expired is deleted, in small steps, and nothing else.
pub async fn old_plays_are_pruned(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    for n in 1..=3 {
        world.store.save_launch(launch(&world, n).await).await.unwrap();
    }
    let login = OneTimeToken { digest: Digest([9; 32]), expires_at: at(5_000), ..launch(&world, 8).await.token };
    world.store.save_one_time_token(login.clone()).await.unwrap();
    assert_eq!(world.store.prune_plays(at(62), 2).await.unwrap(), 0, "what expires now is not yet old");
    assert_eq!(world.store.prune_plays(at(63), 2).await.unwrap(), 2);
    assert_eq!(world.store.prune_plays(at(2_000), 2).await.unwrap(), 3);
    assert_eq!(world.store.prune_plays(at(2_000), 2).await.unwrap(), 1);
    assert_eq!(world.store.prune_plays(at(2_000), 2).await.unwrap(), 0);
    assert!(world.store.find_one_time_token(&login.digest, at(4_999)).await.unwrap().is_some());
}
