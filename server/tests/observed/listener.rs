//! Where figures are answered, and where not.

use crate::{
    scrape::{Watched, get},
    support::{
        PATIENCE,
        ports::free_port,
        process::Process,
        program::{Program, cliquet, data_dir},
    },
};
use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    time::Instant,
};

#[test]
fn without_the_setting_nobody_answers_figures() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path(), &[]);
    assert_eq!(get(program.port, "/metrics").0, 404);
    assert_eq!(listening(&program), 1, "only the port of people");
}

/// How many sockets this server listens on.
fn listening(program: &Program) -> usize {
    let process = format!("/proc/{}", program.pid().as_raw_nonzero());
    let descriptors = std::fs::read_dir(format!("{process}/fd")).unwrap();
    let targets = descriptors.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    let inodes: Vec<String> = targets
        .filter_map(|target| Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let all = std::fs::read_to_string(format!("{process}/net/tcp")).unwrap();
    // State 0A is LISTEN; the tenth field is the inode.
    let is_ours = |line: &&str| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        fields[3] == "0A" && inodes.iter().any(|inode| inode == fields[9])
    };
    all.lines().skip(1).filter(is_ours).count()
}

#[test]
fn the_port_of_people_answers_no_figure_and_the_port_of_figures_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let server = Watched::start(folder.path(), &[]);
    assert_eq!(listening(&server.program), 2);
    assert_eq!(get(server.program.port, "/metrics").0, 404);
    for path in ["/", "/health", "/ready", "/sign-in"] {
        assert_ne!(get(server.port, path).0, 200, "{path}");
    }
    assert!(server.scrape().text.contains("cliquet_build_info"));
}

/// A server that was started with these settings, until it ended by itself: what it said.
fn fails(settings: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let port = free_port();
    let mut command = cliquet(folder.path());
    command.env("ROCKET_PORT", port.to_string()).envs(settings.iter().copied());
    let mut process = Process::start(&mut command, &log);
    let status = process.ended(PATIENCE);
    let said = std::fs::read_to_string(log).unwrap();
    assert!(!status.success(), "{said}");
    assert!(!said.contains("listening on"), "it began to serve: {said}");
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    said
}

#[test]
fn an_address_that_is_none_is_refused_in_words_and_nothing_starts() {
    for address in ["9464", "localhost:9464", "127.0.0.1:0"] {
        let said = fails(&[("ROCKET_METRICS", address)]);
        assert!(said.contains("it is an IP address and a port") && said.contains("127.0.0.1:9464"), "{said}");
    }
}

#[test]
fn a_port_that_is_taken_is_said_in_words_and_nothing_starts() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for format in ["plain", "json"] {
        let said = fails(&[("ROCKET_METRICS", &address), ("ROCKET_LOG_FORMAT", format)]);
        let words = format!("metrics: {address} cannot be listened on: Address already in use");
        assert!(said.contains(&words) && said.contains("choose another"), "{said}");
    }
}

#[test]
fn the_server_ends_in_time_while_somebody_is_connected_to_its_figures() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Watched::start(folder.path(), &[]);
    let _connected = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).unwrap();
    server.scrape();
    let start = Instant::now();
    server.program.stop();
    assert!(start.elapsed() < PATIENCE && !server.program.log().contains("journal"), "{}", server.program.log());
    // Both ports are free again, and the folder is nobody's.
    server.program.start_again();
    assert_eq!(server.scrape().value("cliquet_accounts"), 0.0);
    assert!(data_dir(folder.path()).is_dir());
}

#[test]
fn the_doctor_says_where_figures_are_answered() {
    let doctor = |address: &str| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = cliquet(folder.path());
        let output = command.arg("doctor").env("ROCKET_METRICS", address).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let port = free_port();
    let free = doctor(&format!("127.0.0.1:{port}"));
    assert!(free.contains(&format!("ok     Figures for Prometheus are answered at 127.0.0.1:{port}")), "{free}");
    let open = doctor(&format!("0.0.0.0:{port}"));
    assert!(open.contains("note   Figures for Prometheus") && open.contains("anyone who reaches"), "{open}");
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let said = doctor(&taken.local_addr().unwrap().to_string());
    assert!(said.contains("is taken: by Cliquet, if it runs"), "{said}");
}
