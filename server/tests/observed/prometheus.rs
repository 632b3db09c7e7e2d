//! A real Prometheus reads the figures, the alerts and what the dashboard asks. `cargo xtask test` brings it.

use crate::{
    alerts::{dashboard, docs},
    scrape::Watched,
    support::{
        PATIENCE,
        http::Client,
        ports::{free_port, until_listening},
        process::Process,
        seeded::seeded,
    },
};
use serde_json::Value;
use std::{
    env,
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Where `cargo xtask test` puts the programs that are not installed.
const UNPACKED: &str = "../target/prometheus/usr/bin";

fn tool(name: &str) -> Command {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join(UNPACKED));
    let found = folders.into_iter().map(|folder| folder.join(name)).find(|program| program.is_file());
    Command::new(found.unwrap_or_else(|| panic!("{name} is not there; `cargo xtask test` brings what the tests need")))
}

#[track_caller]
fn succeeds(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{said}");
}

#[test]
fn promtool_takes_the_alerts() {
    succeeds(tool("promtool").args(["check", "rules"]).arg(docs("alert-rules.yml")));
}

#[test]
fn each_alert_fires_when_it_should_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let trials = include_str!("alert-rules.test.yml").replace("{rules}", docs("alert-rules.yml").to_str().unwrap());
    let file = folder.path().join("alert-rules.test.yml");
    std::fs::write(&file, trials).unwrap();
    succeeds(tool("promtool").args(["test", "rules"]).arg(file));
}

#[test]
fn promtool_finds_nothing_to_mend_in_the_figures() {
    let (folder, people) = seeded(2);
    let server = Watched::start(folder.path(), &[]);
    Client::to(server.program.address()).get_as("/contacts", &people[0].token).unwrap();
    let mut child =
        tool("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(server.scrape().text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.is_empty(), "{said}");
}

/// Ends with the test.
struct Prometheus {
    _process: Process,
    port: u16,
}

impl Prometheus {
    fn start(folder: &Path, figures: u16) -> Self {
        let settings = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [\"{}\"]\n\
             scrape_configs:\n  - job_name: cliquet\n    static_configs: [{{ targets: [\"127.0.0.1:{figures}\"] }}]\n",
            docs("alert-rules.yml").display()
        );
        let file = folder.join("prometheus.yml");
        std::fs::write(&file, settings).unwrap();
        let (port, log) = (free_port(), folder.join("prometheus.log"));
        let mut command = tool("prometheus");
        command.arg(format!("--config.file={}", file.display()));
        command.arg(format!("--storage.tsdb.path={}", folder.join("prometheus").display()));
        command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        let mut process = Process::start(&mut command, &log);
        until_listening(&mut process, port, &log);
        let prometheus = Self { _process: process, port };
        let start = Instant::now();
        while !prometheus.says("/-/ready").contains("Ready") {
            assert!(start.elapsed() < PATIENCE, "{}", std::fs::read_to_string(&log).unwrap());
            thread::sleep(Duration::from_millis(100));
        }
        prometheus
    }

    /// In HTTP/1.0, so that the answer ends with the connection.
    fn says(&self, path: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    /// What its HTTP API answers.
    fn asked(&self, path: &str) -> Value {
        let body = self.says(&format!("/api/v1/{path}"));
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"))
    }

    fn query(&self, expression: &str) -> Value {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let answer = self.asked(&format!("query?{}", query.append_pair("query", expression).finish()));
        assert_eq!(answer["status"], "success", "{expression}: {answer}");
        answer["data"]["result"].clone()
    }

    /// The value of the only series that this gives, once it is this one.
    fn until(&self, expression: &str, expected: &str) {
        let start = Instant::now();
        loop {
            let found = self.query(expression);
            if found[0]["value"][1] == expected {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{expression} is not {expected}: {found}");
            thread::sleep(Duration::from_millis(200));
        }
    }
}

#[test]
fn prometheus_reads_the_figures_evaluates_the_alerts_and_answers_the_dashboard() {
    let (folder, people) = seeded(2);
    let mut server = Watched::start(folder.path(), &[]);
    Client::to(server.program.address()).get_as("/contacts", &people[0].token).unwrap();
    let prometheus = Prometheus::start(folder.path(), server.port);
    prometheus.until("up{job=\"cliquet\"}", "1");
    prometheus.until("cliquet_accounts", "2");
    for expression in dashboard() {
        prometheus.query(&expression.replace("$__rate_interval", "1m"));
    }
    let start = Instant::now();
    let rules = loop {
        let rules = prometheus.asked("rules")["data"]["groups"][0]["rules"].clone();
        let are_evaluated = rules.as_array().is_some_and(|rules| rules.iter().all(|rule| rule["health"] != "unknown"));
        if are_evaluated {
            break rules;
        }
        assert!(start.elapsed() < PATIENCE, "{rules}");
        thread::sleep(Duration::from_millis(200));
    };
    for rule in rules.as_array().unwrap() {
        assert_eq!(rule["health"], "ok", "{rule}");
    }
    server.program.kill();
    prometheus.until("up{job=\"cliquet\"}", "0");
    // It waits for two minutes before it rings.
    prometheus.until("count(ALERTS{alertname=\"CliquetDown\",alertstate=\"pending\"})", "1");
}
