//! The contract suite: what every store promises, as functions that any store's tests call.
//!
//! Each check is one promise. It assumes only that no record stands under its scope, a prefix of every id and
//! partition it touches: so the suite runs on an empty store and on a shared table alike. A broken promise is a
//! panic that names it.
//!
//! [`agrees_with_model`] goes further: it applies random commits, reads and queries to the store under test and
//! to [`MemoryStore`](crate::MemoryStore), and compares every answer.

mod atomicity;
mod conditions;
mod kit;
mod listing;
mod model;
mod scanning;
mod steps;

pub use atomicity::{
    a_failed_condition_changes_nothing, a_refused_commit_changes_nothing, racing_creates_have_one_winner,
    racing_increments_all_count, several_writes_take_place_together,
};
pub use conditions::{
    a_create_loses_to_a_standing_record, a_record_comes_back_as_it_was_put,
    a_repeated_commit_fails_its_own_condition, a_replace_needs_a_record, a_replace_needs_its_version,
    an_impossible_key_finds_nothing, the_first_failed_condition_is_reported,
};
pub use kit::Scope;
pub use listing::{
    a_listing_is_ordered_by_bytes, a_record_without_listing_is_not_listed,
    a_replaced_record_moves_in_the_listing, pages_join_without_gap_or_overlap,
    partitions_and_tables_are_apart, ranges_include_from_and_exclude_to,
};
pub use model::agrees_with_model;
pub use scanning::{a_scan_finds_all_of_its_table, a_scan_keeps_to_its_table, the_parts_of_a_scan_join};

use crate::Store;

/// Runs every check, each in a scope of its own under `scope`.
///
/// # Panics
///
/// When the store breaks a promise.
pub async fn run_all(store: &dyn Store, scope: &str) {
    macro_rules! run {
        ($($check:ident),* $(,)?) => {
            $( $check(store, &Scope::new(scope, stringify!($check))).await; )*
        };
    }
    run!(
        a_record_comes_back_as_it_was_put,
        an_impossible_key_finds_nothing,
        a_create_loses_to_a_standing_record,
        a_replace_needs_its_version,
        a_replace_needs_a_record,
        a_repeated_commit_fails_its_own_condition,
        the_first_failed_condition_is_reported,
        several_writes_take_place_together,
        a_failed_condition_changes_nothing,
        a_refused_commit_changes_nothing,
        racing_creates_have_one_winner,
        racing_increments_all_count,
        a_scan_finds_all_of_its_table,
        a_scan_keeps_to_its_table,
        the_parts_of_a_scan_join,
        a_listing_is_ordered_by_bytes,
        a_record_without_listing_is_not_listed,
        a_replaced_record_moves_in_the_listing,
        pages_join_without_gap_or_overlap,
        partitions_and_tables_are_apart,
        ranges_include_from_and_exclude_to,
    );
}
