//! Which lanes leave permits with the store, and when they take them back.

use store::delivery::Pace;

use super::*;

/// Lanes of which each has had one delivery, which was answered with success, and that have nothing due any more.
fn sound(concurrency: usize, names: &str) -> Lanes {
    let mut lanes = Lanes::new(&Settings { concurrency, ..settings(64) });
    list(&mut lanes, names, NOW);
    let granted = lanes.share(names.split_whitespace().count(), NOW);
    let began: Vec<Lease> = granted.iter().flat_map(|(lane, count)| leases(lane.clone(), *count as usize)).collect();
    lanes.leased(&granted, &began, NOW);
    list(&mut lanes, "", NOW);
    for name in names.split_whitespace() {
        end(&mut lanes, name, 200, NOW);
    }
    lanes
}

/// What is offered, such as `1a:8`.
fn offered(lanes: &mut Lanes, free: usize) -> String {
    let offers = lanes.offers(free, NOW);
    text(&offers.into_iter().map(|offer| (offer.webhook_id, offer.count)).collect::<Vec<_>>())
}

/// Whose permits are taken back, such as `1a`. The store gives all back but those that are `kept`.
fn withdrawn(lanes: &mut Lanes, free: usize, kept: u32) -> String {
    let withdrawals = lanes.withdrawals(free);
    for (lane, _) in &withdrawals {
        let key = lanes.known.find(lane).unwrap();
        let count = lanes.known[key].lane.standing_by() - kept;
        lanes.withdrawn(lane, count, NOW);
    }
    withdrawals.iter().map(|(lane, _)| &lane.as_str()[10..]).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_sound_lane_with_nothing_due_leaves_what_it_may_have_with_the_store() {
    let mut lanes = sound(100, "1a");
    assert_eq!(offered(&mut lanes, 100), "1a:8");
    assert_eq!((offered(&mut lanes, 92), lanes.standing_by()), (String::new(), 8));
    lanes.born(&leases(id("1a"), 3), NOW);
    assert_eq!(
        (offered(&mut lanes, 89), lanes.standing_by()),
        (String::new(), 5),
        "it has as many in flight as before"
    );
    end(&mut lanes, "1a", 200, NOW);
    assert_eq!(
        (offered(&mut lanes, 90), lanes.standing_by()),
        ("1a:1".to_owned(), 6),
        "in place of the one that is over"
    );
}

#[test]
fn a_lane_of_which_nothing_good_was_heard_stands_by_no_more() {
    let mut lanes = sound(100, "1a");
    offered(&mut lanes, 100);
    lanes.born(&leases(id("1a"), 1), NOW);
    end(&mut lanes, "1a", 500, NOW);
    assert_eq!(withdrawn(&mut lanes, 99, 0), "1a");
    assert_eq!((offered(&mut lanes, 100), lanes.standing_by()), (String::new(), 0));
}

#[test]
fn what_is_due_goes_first_and_keeps_the_pace() {
    let mut lanes = sound(100, "1a");
    offered(&mut lanes, 100);
    list(&mut lanes, "1a", NOW);
    assert_eq!(share(&mut lanes, 92), "");
    assert_eq!(lanes.withdrawals(92), [(id("1a"), Pace::Set)]);
    lanes.withdrawn(&id("1a"), 6, NOW);
    // Two of them are in use at this moment.
    assert_eq!(share(&mut lanes, 98), "1a:6");
    assert_eq!(offered(&mut lanes, 98), "");
}

#[test]
fn together_they_leave_half_of_the_permits_and_the_longest_makes_room() {
    let mut lanes = sound(20, "1a 1b 1c");
    assert_eq!(offered(&mut lanes, 20), "1a:8 1b:2");
    assert_eq!(withdrawn(&mut lanes, 10, 0), "1a");
    lanes.born(&leases(id("1b"), 1), NOW);
    end(&mut lanes, "1b", 200, NOW);
    assert_eq!(offered(&mut lanes, 19), "1b:7", "and one that it has already");
}

#[test]
fn lanes_that_all_want_many_have_equal_parts() {
    let mut lanes = sound(20, "1a 1b");
    offered(&mut lanes, 20);
    for _ in 0..20 {
        for name in ["1a", "1b"] {
            lanes.born(&leases(id(name), 1), NOW);
            end(&mut lanes, name, 200, NOW);
            offered(&mut lanes, 20);
        }
    }
    let parts = ["1a", "1b"].map(|name| lanes.known[lanes.known.find(&id(name)).unwrap()].lane.standing_by());
    assert_eq!(parts, [5, 5]);
}

#[test]
fn whoever_waits_with_none_free_gets_all_of_them() {
    let mut lanes = sound(20, "1a 1b");
    offered(&mut lanes, 20);
    list(&mut lanes, "2c", NOW);
    assert_eq!(withdrawn(&mut lanes, 1, 1), "");
    assert_eq!(withdrawn(&mut lanes, 0, 1), "1a 1b");
    assert_eq!(lanes.standing_by(), 2);
}

#[test]
fn a_lane_that_falls_silent_gives_its_permits_back() {
    let mut lanes = sound(100, "1a");
    offered(&mut lanes, 100);
    lanes.born(&leases(id("1a"), 1), NOW);
    // In a turn of the engine the permits are shared out between what is taken back and what is offered.
    assert_eq!(withdrawn(&mut lanes, 92, 0), "");
    assert_eq!(share_at(&mut lanes, 92, at(3)), "");
    assert_eq!(lanes.offers(92, at(3)), []);
    assert_eq!(lanes.withdrawals(92), [(id("1a"), Pace::Free)], "it hangs: nobody waits for it");
}

#[test]
fn a_lane_that_fails_sets_no_pace_while_none_is_free() {
    let mut lanes = sound(100, "1a");
    offered(&mut lanes, 100);
    lanes.born(&leases(id("1a"), 8), NOW);
    list(&mut lanes, "2c", NOW);
    end(&mut lanes, "1a", 500, NOW);
    assert_eq!(lanes.withdrawals(0), [(id("1a"), Pace::Free)]);
}

#[test]
fn what_was_in_use_when_a_lane_stood_down_is_taken_back_later() {
    let mut lanes = sound(100, "1a");
    offered(&mut lanes, 100);
    lanes.born(&leases(id("1a"), 1), NOW);
    end(&mut lanes, "1a", 500, NOW);
    assert_eq!(withdrawn(&mut lanes, 99, 2), "1a");
    assert_eq!((offered(&mut lanes, 98), lanes.standing_by()), (String::new(), 2));
    assert_eq!(withdrawn(&mut lanes, 98, 0), "1a");
    assert_eq!((withdrawn(&mut lanes, 100, 0), lanes.standing_by()), (String::new(), 0));
}

#[test]
fn a_lane_that_others_leave_nothing_sets_no_pace() {
    let paces =
        |offers: Vec<Offer>| offers.into_iter().map(|Offer { count, pace, .. }| (count, pace)).collect::<Vec<_>>();
    let mut lanes = sound(16, "1a 1b");
    assert_eq!(paces(lanes.offers(16, NOW)), [(8, Pace::Set)], "the other one has no place");
    let mut lanes = sound(16, "1a");
    assert_eq!(paces(lanes.offers(0, NOW)), [], "all permits are in flight elsewhere");
}

#[test]
fn what_was_born_of_an_older_version_makes_nobody_forget() {
    let mut lanes = sound(100, "1a");
    offered(&mut lanes, 100);
    lanes.listed(vec![DueLane { version: 2, ..lane("1a") }], NOW);
    for _ in 0..3 {
        let granted = vec![(id("1a"), 0)];
        lanes.leased(&granted, &leases(id("1a"), 1), NOW);
        end(&mut lanes, "1a", 500, NOW);
    }
    assert_eq!(lanes.open(), 1);
    lanes.born(&leases(id("1a"), 1), NOW);
    assert_eq!(lanes.open(), 1);
}

#[test]
fn what_was_born_of_a_lane_that_is_not_known_is_counted() {
    let mut lanes = Lanes::new(&settings(64));
    lanes.born(&leases(id("1a"), 2), NOW);
    list(&mut lanes, "1a", NOW);
    assert_eq!(share(&mut lanes, 100), "1a:6");
    end(&mut lanes, "1a", 200, NOW);
    end(&mut lanes, "1a", 200, NOW);
}
