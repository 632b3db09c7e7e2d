//! Owns a whole schedule: strangers, a number of things that happen, quiet, and the verdict.

use crate::{
    behaviours::{self, Class},
    choices::Choices,
    disappearing,
    verdict::{self, Counts},
    world::{LAYOUTS_COUNT, World},
};

/// Things that happen in a schedule from a seed: most are short, some long.
const STEPS: [usize; 8] = [8, 8, 16, 16, 24, 32, 48, 120];
/// A fuzzer's input is no longer, whatever it says.
const STEPS_MAX: usize = 400;

/// Half of the seeds are gentle.
pub fn from_seed(seed: u64) -> Counts {
    let mut choices = Choices::seed(seed);
    let class = [Class::Gentle, Class::Gentle, Class::Rough, Class::Restored][choices.below(4)];
    let layout = choices.below(LAYOUTS_COUNT);
    let steps = STEPS[choices.below(STEPS.len())];
    if std::env::var_os("CLIQUET_SEED").is_some() {
        eprintln!("{class:?}, layout {layout}, {steps} steps");
    }
    let mut world = World::strangers(layout, seed);
    begin(&mut world, class, &mut choices);
    for _ in 0..steps {
        behaviours::one(&mut world, class, &mut choices);
    }
    verdict::reach(world, class)
}

pub fn from_bytes(bytes: &[u8]) -> Counts {
    let mut choices = Choices::Bytes(bytes);
    let class = [Class::Gentle, Class::Rough, Class::Restored][choices.below(3)];
    let layout = choices.below(LAYOUTS_COUNT);
    let mut world = World::strangers(layout, 0);
    begin(&mut world, class, &mut choices);
    for _ in 0..STEPS_MAX {
        if choices.are_over() {
            break;
        }
        behaviours::one(&mut world, class, &mut choices);
    }
    verdict::reach(world, class)
}

/// Half of the schedules begin among strangers; in the others everybody has added everybody, whom nobody has told.
fn begin(world: &mut World, class: Class, choices: &mut Choices<'_>) {
    if choices.below(2) == 0 {
        verdict::everybody_adds_everybody(world);
        // What is lost in the others need not disappear at everybody's.
        if class == Class::Gentle && choices.below(2) == 0 {
            disappearing::agree(world, choices);
        }
    }
}
