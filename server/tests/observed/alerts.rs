//! The dashboard and the alerts that hosts are given use only figures that the server has.

use crate::{
    scrape::Watched,
    support::{http::Client, seeded::seeded},
};
use serde_json::Value;
use std::path::{Path, PathBuf};

pub(crate) fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

/// What each panel of the dashboard asks.
pub(crate) fn dashboard() -> Vec<String> {
    let text = std::fs::read_to_string(docs("grafana-dashboard.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

/// What each alert asks, as the lines of the file have it.
fn alerts() -> Vec<String> {
    let text = std::fs::read_to_string(docs("alert-rules.yml")).unwrap();
    let expressions = text.lines().filter_map(|line| line.trim().strip_prefix("expr: "));
    expressions.map(|line| line.trim_matches('\'').replace("''", "'")).collect()
}

/// The names of figures in it. A histogram's is without its endings.
fn names(expression: &str) -> Vec<String> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let figures = words.filter(|word| word.starts_with("cliquet_") || word.starts_with("process_"));
    figures.map(|figure| figure.strip_suffix("_bucket").unwrap_or(figure).to_owned()).collect()
}

#[test]
fn every_figure_of_the_dashboard_and_of_the_alerts_is_one_that_the_server_answers() {
    let (folder, people) = seeded(2);
    let server = Watched::start(folder.path(), &[]);
    Client::to(server.program.address()).get_as("/contacts", &people[0].token).unwrap();
    let answered = server.scrape().names();
    for (of, expressions) in [("the dashboard", dashboard()), ("the alerts", alerts())] {
        assert!(expressions.len() > 10, "{of}: {expressions:?}");
        for expression in expressions {
            let names = names(&expression);
            // Prometheus's own.
            assert!(!names.is_empty() || expression.starts_with("up{"), "{of} asks for nothing of ours: {expression}");
            for name in names {
                assert!(answered.contains(&name), "{of} asks for {name}, which is not answered: {expression}");
            }
        }
    }
}

#[test]
fn every_alert_is_tried() {
    let rules = std::fs::read_to_string(docs("alert-rules.yml")).unwrap();
    let trials = include_str!("alert-rules.test.yml");
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert_eq!(alerts.len(), self::alerts().len());
    for alert in alerts {
        assert!(trials.contains(&format!("alertname: {alert}\n")), "{alert}");
    }
}
