//! Owns the order of the checks, and the last lines: what failed tests printed, and the totals of all test programs.

use crate::advisories::{self, Outcome};
use crate::assets;
use crate::failures::Failures;
use crate::prerequisites::{self, Needs};
use crate::problem::Problem;
use crate::progress::Progress;
use crate::project::{self, Project};
use crate::tidy;
use crate::totals::Totals;
use crate::vectors;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leave out the tests that need these
    #[arg(long, value_delimiter = ',')]
    without: Vec<Needs>,
    /// Run only the tests, without formatting and house rules
    #[arg(long)]
    only_tests: bool,
    /// Run only the tests whose names contain one of these
    names: Vec<String>,
    /// What the tests find in their environment.
    #[arg(skip)]
    environment: Vec<(&'static str, &'static str)>,
}

pub(crate) fn test(project: &Project, options: &Options) -> Result<(), Problem> {
    run_all(project, options, &mut Progress::of(steps(options)))
}

/// The steps that [`run_all`] takes.
pub(crate) fn steps(options: &Options) -> usize {
    let prerequisites_and_tests = 2;
    let vectors = usize::from(!options.without.contains(&Needs::Browser));
    let checks = if options.only_tests { 0 } else { CHECKS };
    prerequisites_and_tests + assets::STEPS + vectors + checks
}

pub(crate) fn run_all(project: &Project, options: &Options, progress: &mut Progress) -> Result<(), Problem> {
    let needs: Vec<Needs> = Needs::ALL.into_iter().filter(|need| !options.without.contains(need)).collect();
    progress.step("what the tests need from the machine");
    prerequisites::bring(project, &needs)?;
    assets::build(project, progress)?;
    if needs.contains(&Needs::Browser) {
        progress.step("browser module of the published test vectors");
        vectors::build(project)?;
    }
    // The tests run even if a check before them fails: one run tells everything there is to mend.
    let mut problems = Vec::new();
    let mut not_checked = None;
    if !options.only_tests {
        problems.extend(checks(project, progress).into_iter().filter_map(Result::err));
        progress.step("advisories");
        match advisories::check_project(project) {
            Ok(Outcome::Checked) => {}
            Ok(Outcome::NotChecked(why)) => not_checked = Some(why),
            Err(problem) => problems.push(problem),
        }
    }
    progress.step("tests");
    let run = run_tests(project, options)?;
    problems.extend(run.problem);
    print!("{}", run.failures);
    for problem in &problems {
        println!("FAILED: {problem}");
    }
    if let Some(why) = not_checked {
        println!("NOT CHECKED: {why}");
    }
    conclude(options, run.totals, problems.len())
}

/// This package.
const XTASK: &str = env!("CARGO_PKG_NAME");

/// The tests with this word in their names, which take pictures, and no checks.
pub(crate) fn take_pictures(project: &Project, name: &str) -> Result<(), Problem> {
    let environment = vec![("CLIQUET_PICTURES", "1")];
    test(project, &Options { without: Vec::new(), only_tests: true, names: vec![name.to_owned()], environment })
}

/// The steps that [`checks`] takes, and that of the advisories.
const CHECKS: usize = 3;

/// What costs seconds. Lints compile every dependency once more; they are a step of `ci`.
fn checks(project: &Project, progress: &mut Progress) -> Vec<Result<(), Problem>> {
    progress.step("format");
    let mut results = vec![project::run(project.cargo().args(["fmt", "--all", "--check"]))];
    progress.step("house rules");
    results.push(tidy::check(project, false));
    results
}

/// What the program can do that its usual build leaves out, so that it is tested: files in an S3-compatible store.
pub(crate) const FEATURES: &str = "cliquet-server/s3";

/// Everything, or all test programs but those that need what is left out. Documentation's examples are a run of their
/// own as soon as programs are named. So are the tests of this program: cargo gives a crate the features that all
/// chosen packages ask for, and together with the server's they would be others than those that this program has
/// been compiled with. Half of its crates would be compiled once more.
fn run_tests(project: &Project, options: &Options) -> Result<Run, Problem> {
    let left_out: Vec<&str> = options.without.iter().filter_map(|need| need.test_program()).collect();
    let server = ["--workspace", "--exclude", XTASK, "--features", FEATURES];
    let mut runs: Vec<Vec<String>> = Vec::new();
    if left_out.is_empty() {
        runs.push(server.map(str::to_owned).to_vec());
    } else {
        let programs = test_programs(project)?;
        let wanted = programs.iter().filter(|program| !left_out.contains(&program.as_str()));
        let wanted = wanted.flat_map(|program| ["--test", program]);
        runs.push(
            server.into_iter().chain(["--lib", "--bins", "--examples"]).chain(wanted).map(str::to_owned).collect(),
        );
        runs.push(server.into_iter().chain(["--doc"]).map(str::to_owned).collect());
    }
    runs.push(["--package", XTASK].map(str::to_owned).to_vec());
    let mut all = Run::default();
    for run in runs {
        let mut cargo = project.cargo();
        cargo.args(["test", "--locked", "--no-fail-fast"]).args(run).arg("--").args(&options.names);
        cargo.envs(options.environment.iter().copied());
        for word in options.without.iter().filter_map(|need| need.word_in_test_names()) {
            cargo.args(["--skip", word]);
        }
        let run = follow(&mut cargo)?;
        all.totals += run.totals;
        all.failures.append(run.failures);
        all.problem = all.problem.or(run.problem);
    }
    Ok(all)
}

/// The files and folders under `tests/` of every package.
fn test_programs(project: &Project) -> Result<Vec<String>, Problem> {
    let metadata = project::read(project.cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&metadata)
        .map_err(|error| Problem::Words(format!("cargo metadata cannot be read: {error}")))?;
    let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let targets = list(&metadata, "packages").into_iter().flat_map(|package| list(&package, "targets"));
    let tests = targets.filter(|target| list(target, "kind").iter().any(|kind| kind == "test"));
    Ok(tests.filter_map(|target| target.get("name").and_then(Value::as_str).map(str::to_owned)).collect())
}

/// What the test runner said.
#[derive(Default)]
struct Run {
    totals: Totals,
    failures: Failures,
    /// It ended with an error.
    problem: Option<Problem>,
}

/// Shows the runner's output as it comes, and reads it.
fn follow(cargo: &mut Command) -> Result<Run, Problem> {
    let start = |source| Problem::Start { program: "cargo".into(), source };
    let mut child = cargo.stdout(Stdio::piped()).spawn().map_err(start)?;
    let mut run = Run::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = line.map_err(start)?;
            let line = String::from_utf8_lossy(&line);
            run.totals.add_line(&line);
            run.failures.add_line(&line);
            println!("{line}");
            let _ = std::io::stdout().flush();
        }
    }
    let status = child.wait().map_err(start)?;
    if !status.success() {
        run.problem = Some(Problem::Failed { command: project::line(cargo), status });
    }
    Ok(run)
}

/// What was left out is said before the last line; a run without any test is a failure.
fn conclude(options: &Options, totals: Totals, problems: usize) -> Result<(), Problem> {
    if totals.ignored > 0 {
        println!("{} tests are marked as ignored and did not run", totals.ignored);
    }
    if !options.without.is_empty() {
        let names: Vec<&str> = options.without.iter().map(|need| need.name()).collect();
        println!("Left out as asked: what needs {} ({})", names.join(", "), left_out(options, totals));
    }
    println!("{totals}");
    if problems > 0 || totals.failed > 0 || totals.passed == 0 {
        std::process::exit(1);
    }
    Ok(())
}

fn left_out(options: &Options, totals: Totals) -> String {
    let programs: Vec<&str> = options.without.iter().filter_map(|need| need.test_program()).collect();
    if programs.is_empty() {
        return format!("{} tests", totals.filtered_out);
    }
    format!("all tests of the program {}, and {} tests of others", programs.join(" and of "), totals.filtered_out)
}
