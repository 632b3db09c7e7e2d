//! Owns adding up what the test runner said. Knows nothing of how it was started.

use std::fmt;
use std::ops::AddAssign;

/// Sums of the runner's own result lines, one for each test program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) programs: u32,
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) ignored: u32,
    pub(crate) filtered_out: u32,
}

impl Totals {
    /// Adds a line if it is one of `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; …`.
    pub(crate) fn add_line(&mut self, line: &str) {
        let Some(result) = line.trim_start().strip_prefix("test result: ") else { return };
        let Some((_, counts)) = result.split_once(". ") else { return };
        self.programs += 1;
        for count in counts.split("; ") {
            let Some((number, what)) = count.split_once(' ') else { continue };
            let Ok(number) = number.parse::<u32>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                "filtered out" => self.filtered_out += number,
                _ => {}
            }
        }
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, more: Self) {
        self.programs += more.programs;
        self.passed += more.passed;
        self.failed += more.failed;
        self.ignored += more.ignored;
        self.filtered_out += more.filtered_out;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_of_several_programs_are_added_up() {
        let mut totals = Totals::default();
        for line in [
            "running 4 tests",
            "test talk::two_people ... ok",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.10s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s",
        ] {
            totals.add_line(line);
        }
        assert_eq!(totals, Totals { programs: 2, passed: 4, failed: 2, ignored: 1, filtered_out: 2 });
        assert_eq!(totals.to_string(), "4 passed, 2 failed");
    }

    #[test]
    fn a_line_that_only_looks_alike_counts_nothing() {
        let mut totals = Totals::default();
        totals.add_line("the test result: ok. 3 passed; 0 failed");
        totals.add_line("test result: unknown");
        assert_eq!(totals, Totals::default());
    }
}
