//! Owns what failed tests printed, to be said again at the end of a run that prints thousands of lines. Knows nothing of
//! how the tests were started.

use std::fmt;

/// So many lines of a test are said again: the reason, and the beginning of what was on a page. The rest is where the
/// test runner printed it.
const LINES_MAX: usize = 25;
/// What a thread says first when it panics; what a test printed before says less.
const PANIC: &str = " panicked at ";
/// Says nothing to someone who has the place.
const BACKTRACE: &str = "stack backtrace:";

/// What the test runner printed under `---- NAME stdout ----`, a block for each failed test.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    blocks: Vec<Vec<String>>,
    is_inside: bool,
}

impl Failures {
    /// Looks at the next line of the test runner.
    pub(crate) fn add_line(&mut self, line: &str) {
        if line.starts_with("---- ") && line.ends_with(" stdout ----") {
            self.blocks.push(Vec::new());
            self.is_inside = true;
        } else if line == "failures:" || line == BACKTRACE {
            // The list of names follows, or the first block.
            self.is_inside = false;
        }
        if let (true, Some(block)) = (self.is_inside && line.contains(PANIC), self.blocks.last_mut()) {
            block.truncate(1);
        }
        if let (true, Some(block)) = (self.is_inside, self.blocks.last_mut())
            && block.len() < LINES_MAX
            && !line.trim().is_empty()
        {
            block.push(line.to_owned());
        }
    }

    /// Adds those of another run.
    pub(crate) fn append(&mut self, mut more: Self) {
        self.blocks.append(&mut more.blocks);
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.blocks.iter().flatten().try_for_each(|line| writeln!(out, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "\
test talk::two_people ... FAILED
test talk::three_people ... FAILED

failures:

---- talk::two_people stdout ----

thread 'talk::two_people' panicked at talk.rs:1:1:
nobody talks

---- talk::three_people stdout ----
they are four

failures:
    talk::two_people
    talk::three_people

test result: FAILED. 0 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s";

    fn said(lines: &[&str]) -> String {
        let mut failures = Failures::default();
        lines.iter().for_each(|line| failures.add_line(line));
        failures.to_string()
    }

    #[test]
    fn what_each_failed_test_printed_is_said_and_nothing_else() {
        let lines: Vec<&str> = PRINTED.lines().collect();
        let expected = "\
---- talk::two_people stdout ----
thread 'talk::two_people' panicked at talk.rs:1:1:
nobody talks
---- talk::three_people stdout ----
they are four
";
        assert_eq!(said(&lines), expected);
        assert_eq!(said(&["test talk::two_people ... ok"]), "");
    }

    #[test]
    fn of_a_test_that_prints_much_the_reason_is_said() {
        let lines: Vec<String> = (0..100).map(|line| format!("line {line}")).collect();
        let mut all = vec!["---- talk::two_people stdout ----"];
        all.extend(lines.iter().map(String::as_str));
        assert_eq!(said(&all).lines().count(), LINES_MAX);
        all.extend([
            "thread 'talk::two_people' panicked at talk.rs:1:1:",
            "nobody talks",
            "stack backtrace:",
            "  0: main",
        ]);
        let expected = "\
---- talk::two_people stdout ----
thread 'talk::two_people' panicked at talk.rs:1:1:
nobody talks
";
        assert_eq!(said(&all), expected);
    }
}
