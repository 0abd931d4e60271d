//! The suite that every backend passes: what the verbs promise, the contention cases among it.
//!
//! A backend calls [`conformance!`](crate::conformance!) with an expression that opens an empty store, and gets one test for
//! each case. A case that is added here is run by all of them.

pub mod audit;
pub mod credential;
pub mod delivery;
pub mod delivery_search;
pub mod destination;
pub mod enrollment;
pub mod event;
pub mod hub_session;
pub mod idempotency;
pub mod learning_activity;
pub mod learning_object;
pub mod lease;
pub mod notice;
pub mod notice_mail;
pub mod package;
pub mod password;
pub mod play;
pub mod portal;
pub mod replay;
pub mod retention;
pub mod retirement;
pub mod user_account;
pub mod webhook;
pub mod webhook_health;
pub mod world;

/// Makes a test of each case for one backend. `$open` gives `(Arc<dyn Store>, guard)`: an empty store, and what keeps it
/// alive.
#[macro_export]
macro_rules! conformance {
    ($open:expr) => {
        $crate::conformance!(@cases $open;
            portal: saved_portals_are_found, stale_changes_conflict, domains_are_unique,
                customers_are_listed_by_partner, a_new_portal_and_its_administrator_are_one;
            user_account: accounts_belong_to_their_portal, accounts_are_listed_by_role,
                addresses_are_unique_in_a_portal_whatever_their_case;
            learning_object: content_is_visible_where_it_is_held, names_of_all_kinds_find_content, lists_are_narrowed,
                what_is_flagged_comes_by_its_removal;
            package: what_is_played_is_kept, a_package_is_found_when_it_is_whole, half_a_package_is_none, pieces_come_once_and_in_order,
                what_is_replaced_goes_later, a_change_of_something_else_keeps_the_package, what_is_never_finished_is_pruned,
                a_portal_has_room_for_so_much;
            enrollment: changes_are_all_or_none, one_live_enrollment_for_each_place, archived_ones_stay_readable,
                of_many_changes_to_one_version_one_wins, pages_are_complete_and_stable, times_of_change_never_run_backwards, filters_narrow,
                deleted_ones_are_gone, each_destination_counts_on_its_own;
            destination: destinations_belong_to_their_portal, destinations_change_against_what_was_read, destinations_are_limited,
                a_default_destination_is_made_once;
            play: a_learner_has_one_account_in_a_portal, seats_are_exact_under_contention, a_launch_is_one, a_token_is_used_once,
                tokens_and_sessions_end, a_blocked_account_ends_its_tokens_and_sessions, places_are_reported_in_order, removed_content_is_known, old_plays_are_pruned;
            learning_activity: the_last_value_of_each_name_counts, activities_belong_to_their_portal, activities_have_limits,
                the_values_of_an_activity_have_an_end;
            webhook: webhooks_keep_all_they_are_given, the_limit_holds_under_contention, deleted_webhooks_are_gone,
                webhooks_belong_to_their_portal, a_test_reaches_its_webhook_alone, tests_are_told_again_one_by_one,
                so_many_tests_may_be_under_way;
            webhook_health: attempts_are_counted_by_the_hour, what_waits_is_told, a_pulse_changes_with_what_happens;
            password: accounts_of_one_address_are_found_with_their_passwords, passwords_belong_to_accounts_of_their_portal,
                who_may_not_sign_in_is_not_found;
            hub_session: sessions_last_while_they_are_used, sessions_end_at_once, sessions_end_with_the_right_to_sign_in, a_blocked_account_ends_its_sessions,
                old_sessions_are_pruned;
            delivery: the_newest_deliveries_of_a_webhook_come_first, events_reach_the_portal_and_its_partner, only_matching_webhooks_are_told,
                what_is_inactive_by_its_owner_is_not_told, what_is_paused_waits, deleting_fails_what_is_pending;
            delivery_search: searches_are_narrowed, searches_go_on_where_they_stopped;
            lease: leasing_raises_the_attempt_number, a_lease_is_held_by_one, a_lapsed_lease_records_nothing,
                a_lease_that_lapsed_is_leased_again, an_attempt_is_recorded_once, retries_wait_for_their_time,
                gone_stops_the_webhook_and_keeps_its_deliveries,
                nothing_but_failures_stops_the_webhook, an_answer_of_the_old_address_does_not_stop_the_new_one,
                making_active_again_makes_due, asking_again_is_a_fresh_start_for_what_fails,
                lanes_are_shared_as_asked,
                one_lost_lease_does_not_spoil_a_batch,
                a_node_that_starts_alone_ends_old_leases, a_clock_that_is_set_back_holds_nothing_up, work_wakes_whoever_waits;
            replay: one_delivery_is_told_again, what_is_under_way_is_left_alone, failed_ones_are_told_again_once,
                a_young_webhook_hears_of_old_events, a_replay_ends_with_its_webhook, replays_belong_to_their_portal,
                replays_of_a_webhook_are_listed;
            retirement: dates_are_kept, everybody_concerned_is_told_once, later_news_comes_first, transitions_are_applied_once,
                lists_go_by_the_dates, who_takes_what_will_end_is_told;
            event: what_was_true_then_is_the_reason, what_stops_a_webhook_is_kept_too, deliveries_are_part_of_the_answer,
                a_test_is_of_one_webhook, events_are_seen_from_the_portal_and_above,
                lists_of_events_are_ordered_and_narrowed;
            retention: old_events_are_pruned_with_all_of_theirs, what_is_pruned_gives_no_number_back,
                pruning_goes_in_small_steps, what_is_not_over_is_not_pruned, a_replay_passes_over_what_is_pruned,
                old_replays_and_deleted_webhooks_are_pruned;
            notice: warnings_are_told_once_each, of_warnings_that_are_due_together_the_last_is_told, trouble_of_our_own_is_not_the_webhooks, a_success_and_a_change_begin_anew,
                a_webhook_that_is_gone_is_told_of_once, deliveries_that_are_given_up_are_counted_for_a_day,
                what_changes_nothing_tells_nothing, a_stop_and_its_notice_are_one, notices_belong_to_their_portal,
                old_notices_are_pruned;
            notice_mail: administrators_are_mailed, so_many_administrators_are_mailed, mail_has_its_time, mail_is_leased_by_one,
                mail_is_retried_sent_and_given_up;
            credential: clients_and_their_tokens, clients_are_limited, revoking_a_client_ends_its_tokens, blocking_an_account_ends_its_tokens, refresh_tokens_are_spent_once,
                old_tokens_are_pruned;
            audit: entries_keep_all_they_are_given, an_action_and_its_entry_are_one, an_entry_is_one_verbs,
                what_did_nothing_has_no_entry, what_is_published_has_its_entry,
                of_many_actions_each_has_its_own_entry, entries_belong_to_their_portal_and_the_partner,
                lists_of_entries_are_narrowed, old_entries_are_pruned;
            idempotency: a_request_is_known_from_its_first_write, a_verb_that_fails_leaves_no_request, a_key_is_one_requests,
                answers_are_kept, foretold_answers_are_stored_with_the_work, answers_without_work_are_kept_if_wanted, keys_are_known_for_a_day, old_keys_are_pruned;
        );
    };
    (@cases $open:expr; $($module:ident: $($case:ident),+;)+) => {$(
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let (store, _guard) = $open;
                    $crate::conformance::$module::$case(store).await;
                }
            )+
        }
    )+};
}
