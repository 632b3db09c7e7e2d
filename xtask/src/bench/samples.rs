//! Owns samples of interleaved runs: medians, and ratios within a round. Knows nothing of where they come from.

/// What one of the compared took for one workload in one round.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) round: u64,
    pub(super) who: String,
    pub(super) what: String,
    pub(super) micros: f64,
}

#[derive(Debug, Default)]
pub(super) struct Samples(pub(super) Vec<Sample>);

impl Samples {
    fn of<'a>(&'a self, who: &'a str, what: &'a str) -> impl Iterator<Item = &'a Sample> {
        self.0.iter().filter(move |sample| sample.who == who && sample.what == what)
    }

    pub(super) fn median(&self, who: &str, what: &str) -> Option<f64> {
        median(self.of(who, what).map(|sample| sample.micros).collect())
    }

    pub(super) fn least(&self, who: &str, what: &str) -> Option<f64> {
        self.of(who, what).map(|sample| sample.micros).reduce(f64::min)
    }

    /// The median of the ratios within each round: what slows a whole round slows both sides of its ratio.
    pub(super) fn ratio(&self, who: &str, to: &str, what: &str) -> Option<f64> {
        let within = |sample: &Sample| {
            let other = self.of(to, what).find(|other| other.round == sample.round)?;
            Some(sample.micros / other.micros)
        };
        median(self.of(who, what).filter_map(within).collect())
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_taken_within_rounds() {
        let sample = |round, who: &str, micros| Sample { round, who: who.into(), what: "seal".into(), micros };
        // The second round ran on a machine ten times slower.
        let samples = Samples(vec![
            sample(1, "a", 1.0),
            sample(1, "b", 2.0),
            sample(2, "b", 20.0),
            sample(2, "a", 10.0),
            sample(3, "a", 1.0),
            sample(3, "b", 4.0),
        ]);
        assert_eq!(samples.ratio("a", "b", "seal"), Some(0.5));
        assert_eq!(samples.median("a", "seal"), Some(1.0));
        assert_eq!(samples.least("b", "seal"), Some(2.0));
        assert_eq!(samples.median("c", "seal"), None);
    }
}
