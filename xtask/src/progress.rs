//! Owns what a chore says while it works: each step, and of how many.

/// The steps of one chore. `cargo xtask test` would print `[3/12] browser module app`.
#[derive(Debug)]
pub(crate) struct Progress {
    done: usize,
    all: usize,
}

impl Progress {
    pub(crate) fn of(all: usize) -> Self {
        Self { done: 0, all }
    }

    /// Says which step begins.
    pub(crate) fn step(&mut self, what: &str) {
        self.done += 1;
        println!("{}", line(self.done, self.all, what));
    }
}

fn line(done: usize, all: usize, what: &str) -> String {
    format!("[{done}/{}] {what}", all.max(done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_says_its_place_and_a_count_too_low_is_raised() {
        assert_eq!(line(3, 12, "tests"), "[3/12] tests");
        assert_eq!(line(3, 2, "tests"), "[3/3] tests");
    }
}
