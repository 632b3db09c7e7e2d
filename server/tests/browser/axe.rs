//! Owns the check that a page can be used without seeing it, by keyboard, and with weak eyes: axe-core finds nothing.

use crate::browser::Tab;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// Fails where axe-core finds a violation of any of its rules in what the tab shows now.
pub(crate) async fn check(tab: &Tab, name: &str) {
    if tab.ask("!window.axe", vec![]).await == json!(true) {
        // The page's own policy lets no other script in; a debugger may.
        tab.devtools("Runtime.evaluate", json!({ "expression": program() })).await;
    }
    const RUN: &str =
        "axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations.flatMap(rule =>
        rule.nodes.map(node => `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`)))";
    let Value::Array(violations) = tab.ask(RUN, vec![]).await else { panic!("axe did not run on {name}") };
    let violations: Vec<&str> = violations.iter().filter_map(Value::as_str).collect();
    assert!(violations.is_empty(), "{name}:\n{}", violations.join("\n"));
}

fn program() -> String {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/axe/node_modules/axe-core/axe.min.js");
    fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; `cargo xtask test` brings it", file.display()))
}
