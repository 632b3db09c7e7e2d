//! Seeded schedules over the real client: whatever happens, it ends in quiet agreement. `src/seeds.rs` says how other
//! seeds are played than those of an ordinary run.

use cliquet_trials::{schedule, seeds};

/// Schedules of an ordinary run.
const SCHEDULES: u64 = 500;

#[test]
fn any_schedule_ends_in_quiet_agreement() {
    let Some(totals) = seeds::run(SCHEDULES, schedule::from_seed) else { return };
    assert!(totals.opened > totals.schedules, "hardly a text was written");
    assert!(totals.disappeared > 0, "nothing disappeared");
    assert!(totals.recovered > 0 && totals.destroyed > 0, "no schedule was rough");
}

/// Two devices of one account showed different reactions.
#[test]
fn a_schedule_that_once_ended_in_disagreement_ends_in_agreement() {
    for seed in [7907, 5_001_532, 5_011_681] {
        schedule::from_seed(seed);
    }
}
