//! Seeded schedules of groups: whatever happens, all members end with the same group and the same texts. `src/seeds.rs` says
//! how other seeds are played than those of an ordinary run.

use cliquet_trials::{groups, seeds};

/// Schedules of an ordinary run.
const SCHEDULES: u64 = 500;

#[test]
fn any_schedule_of_groups_ends_in_one_group_and_one_conversation() {
    let Some(totals) = seeds::run(SCHEDULES, groups::from_seed) else { return };
    assert!(totals.texts > totals.schedules && totals.statements > totals.schedules, "the schedules do something");
    assert!(totals.passed_on > 0, "texts are handed over");
}
