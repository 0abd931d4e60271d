//! Learning activities.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::lms_text::LmsText;
use domain::id::LearningActivityId;
use domain::learning_activity::{LmsWrite, NAMES_MAX, RECORDS_MAX, RecordKind, ScormRecord, VALUES_BYTES_MAX};
use domain::random::Random;

use super::play::launch;
use super::world::{PAGE, World, at};
use crate::Store;
use crate::error::StoreError;
use crate::page::PageRequest;
use crate::play::NewLaunch;

fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, LmsText> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), LmsText::from(*value))).collect()
}

fn record(launch: &NewLaunch, sequence: i64, raw: &str, second: i64) -> ScormRecord {
    ScormRecord {
        activity_id: launch.activity.id.clone(),
        sequence,
        kind: RecordKind::Commit,
        values: raw.to_owned(),
        lms_write: None,
        at: at(second),
    }
}

/// Of each name the value that the LMS gave last counts, in whichever order and however often records arrive; all of them are
/// kept as they came.
pub async fn the_last_value_of_each_name_counts(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let launch = launch(&world, 1).await;
    let portal_id = launch.activity.portal_id;
    world.store.save_launch(launch.clone()).await.unwrap();
    let refused = LmsWrite::refused("cmi.core.lesson_status", "405", "wrong \u{0} value");
    let half = LmsText::read(r#""\ud83d""#).unwrap();
    let mut late = record(&launch, 2, r#"{"b" : "2","c":"\ud83d"}"#, 12);
    late.lms_write = Some(LmsWrite::Ok);
    let mut early = record(&launch, 1, r#"{"a":"1","b":"1"}"#, 13);
    early.lms_write = Some(refused);
    let last = ScormRecord { kind: RecordKind::Exit, ..record(&launch, 3, "{}", 11) };
    let mut of_late = values(&[("b", "2")]);
    of_late.insert("c".to_owned(), half.clone());
    let save = async |record: &ScormRecord, values| {
        world.store.save_scorm_record(portal_id, record.clone(), values).await.unwrap();
    };
    save(&late, of_late).await;
    save(&early, values(&[("a", "1"), ("b", "1")])).await;
    save(&last, BTreeMap::new()).await;
    // Whoever did not hear that it was kept sends it again; another with its number is not another record.
    save(&late, values(&[("b", "changed"), ("z", "new")])).await;
    let mut expected = values(&[("cmi.core.student_id", "ada"), ("a", "1"), ("b", "2")]);
    expected.insert("c".to_owned(), half);
    let listed = world.store.list_learning_activities(portal_id, launch.activity.enrollment_id, PAGE).await.unwrap();
    let [activity] = &listed.items[..] else { panic!("{listed:?}") };
    assert_eq!(activity.values, expected);
    assert_eq!((&activity.lms_write, activity.updated_at), (&Some(LmsWrite::Ok), at(13)));
    let records = world.store.list_scorm_records(portal_id, &launch.activity.id, PAGE).await.unwrap();
    assert_eq!((records.total, records.items), (4, vec![launch.record, early, late, last]));
}

/// An activity is of its portal, and of its enrollment; the latest launch comes first.
pub async fn activities_belong_to_their_portal(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let first = launch(&world, 1).await;
    let portal_id = first.activity.portal_id;
    world.store.save_launch(first.clone()).await.unwrap();
    let mut again = launch(&world, 2).await;
    again.activity.enrollment_id = first.activity.enrollment_id;
    world.store.save_launch(again.clone()).await.unwrap();
    world.store.save_launch(launch(&world, 3).await).await.unwrap();
    let enrollment_id = first.activity.enrollment_id;
    let listed = world.store.list_learning_activities(portal_id, enrollment_id, PAGE).await.unwrap();
    assert_eq!((listed.total, listed.items), (2, vec![again.activity, first.activity.clone()]));
    let page = PageRequest { limit: 1, offset: 1 };
    let listed = world.store.list_learning_activities(portal_id, enrollment_id, page).await.unwrap();
    assert_eq!((listed.total, listed.items), (2, vec![first.activity.clone()]));
    for other in [world.customers[1], world.partner] {
        assert_eq!(world.store.list_learning_activities(other, enrollment_id, PAGE).await.unwrap().total, 0);
        assert_eq!(world.store.list_scorm_records(other, &first.activity.id, PAGE).await.unwrap().total, 0);
        let refused = world.store.save_scorm_record(other, record(&first, 1, "{}", 3), BTreeMap::new()).await;
        assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    }
    let unknown = ScormRecord {
        activity_id: LearningActivityId::draw(&world.random as &dyn Random),
        ..record(&first, 1, "{}", 3)
    };
    let refused = world.store.save_scorm_record(portal_id, unknown, BTreeMap::new()).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
}

/// An activity has so many records and names and no more; what is one too many leaves nothing.
pub async fn activities_have_limits(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let launch = launch(&world, 1).await;
    let portal_id = launch.activity.portal_id;
    world.store.save_launch(launch.clone()).await.unwrap();
    let save = async |sequence, names: std::ops::Range<usize>| {
        let values = names.map(|n| (n.to_string(), "x".into())).collect();
        world.store.save_scorm_record(portal_id, record(&launch, sequence, "{}", 3), values).await
    };
    // One name came with the launch.
    save(1, 0..NAMES_MAX - 1).await.unwrap();
    let refused = save(2, NAMES_MAX - 1..NAMES_MAX).await;
    assert!(matches!(refused, Err(StoreError::LimitReached(NAMES_MAX))), "{refused:?}");
    save(RECORDS_MAX, 0..1).await.unwrap();
    let refused = save(RECORDS_MAX + 1, 0..1).await;
    assert!(matches!(refused, Err(StoreError::LimitReached(_))), "{refused:?}");
    assert_eq!(world.store.list_scorm_records(portal_id, &launch.activity.id, PAGE).await.unwrap().total, 3);
}

/// Whoever reads an activity reads all of its values at once: they have an end, however many records bring them. What takes the place
/// of a value makes room for itself.
pub async fn the_values_of_an_activity_have_an_end(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let launch = launch(&world, 1).await;
    let portal_id = launch.activity.portal_id;
    world.store.save_launch(launch.clone()).await.unwrap();
    let save = async |sequence, name: &str, bytes| {
        let values = values(&[(name, &"x".repeat(bytes))]);
        world.store.save_scorm_record(portal_id, record(&launch, sequence, "{}", 3), values).await
    };
    let half = VALUES_BYTES_MAX / 2;
    save(1, "a", half).await.unwrap();
    save(2, "a", half).await.unwrap();
    let refused = save(3, "b", half).await;
    assert!(matches!(refused, Err(StoreError::LimitReached(VALUES_BYTES_MAX))), "{refused:?}");
    save(4, "b", half / 2).await.unwrap();
    assert_eq!(world.store.list_scorm_records(portal_id, &launch.activity.id, PAGE).await.unwrap().total, 4);
}
