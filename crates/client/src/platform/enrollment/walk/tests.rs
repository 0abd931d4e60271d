use contract::time::Seconds;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn enrollment(id: usize, second: i64) -> Enrollment {
    Enrollment {
        id: id.to_string(),
        enrollment_type: "assigned".into(),
        user_account_id: "1".into(),
        lo_id: "2".into(),
        parent_enrollment_id: None,
        parent_enrolment_id: None,
        assigner_account_id: None,
        assign_date: None,
        created_time: Seconds(at(0)),
        updated_time: Seconds(at(second)),
        status: "completed".into(),
        result: None,
        pass: None,
        start_date: None,
        end_date: None,
        due_date: None,
    }
}

/// What a platform answers that pages as the contract has it, `limit` at most on a page.
fn list(all: &[(usize, i64)], place: &Place, limit: usize) -> Page<Enrollment> {
    let mut rows: Vec<_> = all.iter().filter(|row| place.since.is_none_or(|since| at(row.1) >= since)).collect();
    rows.sort_by_key(|(id, second)| (*second, *id));
    let hits = rows.iter().skip(place.offset as usize).take(limit).map(|(id, second)| enrollment(*id, *second));
    Page { total: rows.len() as u64, hits: hits.collect() }
}

/// Walks over `all`, which `change` may change before the page of a number; returns the ids in the order they came.
fn walk(mut all: Vec<(usize, i64)>, limit: usize, change: impl Fn(usize, &mut Vec<(usize, i64)>)) -> Vec<usize> {
    let mut place = Place::default();
    let mut came = Vec::new();
    for number in 0..500 {
        if place.ended {
            return came;
        }
        change(number, &mut all);
        let page = list(&all, &place, limit);
        came.extend(place.advance(page).unwrap().into_iter().map(|hit| hit.id.parse::<usize>().unwrap()));
    }
    panic!("the walk does not end; it stands at {:?}, {}", place.since, place.offset);
}

#[track_caller]
fn check_each_once(all: Vec<(usize, i64)>, limit: usize) {
    let came = walk(all.clone(), limit, |_, _| {});
    assert_eq!(came, all.iter().map(|row| row.0).collect::<Vec<_>>());
}

#[test]
fn each_comes_once_in_the_order_of_change() {
    check_each_once(vec![], 50);
    for count in [1, 49, 50, 51, 100, 101, 149, 150, 230] {
        check_each_once((0..count).map(|id| (id, id as i64)).collect(), 50);
        check_each_once((0..count).map(|id| (id, 7)).collect(), 50);
        check_each_once((0..count).map(|id| (id, id as i64 / 60)).collect(), 50);
        // A platform may give fewer on a page than it was asked for.
        check_each_once((0..count).map(|id| (id, id as i64 / 60)).collect(), 20);
    }
}

#[test]
fn what_changes_meanwhile_comes_again_and_pushes_nothing_out() {
    for seconds in [1, 200] {
        let all: Vec<_> = (0..200).map(|id| (id, (id * seconds / 200) as i64)).collect();
        // Ten of those that were seen change before the third page, and move to the end.
        let came = walk(all, 50, |number, all| {
            if number == 2 {
                all.iter_mut().take(10).for_each(|row| row.1 = 1000);
            }
        });
        let mut distinct = came.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct, (0..200).collect::<Vec<_>>());
        assert_eq!(came.len(), 210);
    }
}

#[test]
fn a_walk_begins_where_the_filter_says() {
    let mut place = Place::starting(Some(Timestamp::from_millisecond(5_700).unwrap()));
    let page = list(&[(1, 4), (2, 5), (3, 6)], &place, 50);
    let ids: Vec<_> = place.advance(page).unwrap().into_iter().map(|hit| hit.id).collect();
    assert_eq!(ids, ["2", "3"]);
    assert!(place.ended);
}

#[test]
fn a_platform_that_does_not_sort_is_noticed() {
    let page = Page { total: 2, hits: vec![enrollment(1, 9), enrollment(2, 8)] };
    assert!(Place::default().advance(page).is_err());
    let page = Page { total: 1, hits: vec![enrollment(1, 4)] };
    assert!(Place::starting(Some(at(5))).advance(page).is_err());
}
