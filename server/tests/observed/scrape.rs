//! Figures as a program reads them: asked over HTTP, and taken apart.

use crate::support::{PATIENCE, http::read_answer, ports::free_port, program::Program};
use std::{
    collections::BTreeMap,
    io::{BufReader, Write},
    net::{Ipv4Addr, TcpStream},
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// A server that answers figures, and where.
pub(crate) struct Watched {
    pub(crate) program: Program,
    pub(crate) port: u16,
}

impl Watched {
    pub(crate) fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let port = free_port();
        let address = format!("127.0.0.1:{port}");
        let settings = [&[("ROCKET_METRICS", address.as_str())], settings].concat();
        Self { program: Program::start(folder, &settings), port }
    }

    pub(crate) fn scrape(&self) -> Scrape {
        Scrape::of(self.port)
    }

    /// Asks until it is so: a look at the stores serves for some seconds.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&Scrape) -> bool) -> Scrape {
        let start = Instant::now();
        loop {
            let scrape = self.scrape();
            if is_so(&scrape) {
                return scrape;
            }
            assert!(start.elapsed() < PATIENCE, "never {what}:\n{}", scrape.text);
            thread::sleep(Duration::from_millis(200));
        }
    }
}

/// All figures at one moment.
pub(crate) struct Scrape {
    pub(crate) text: String,
    /// By the name and the labels, as they are written.
    values: BTreeMap<String, f64>,
}

impl Scrape {
    fn of(port: u16) -> Self {
        let (status, text) = get(port, "/metrics");
        assert_eq!(status, 200, "{text}");
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let values = lines.map(|line| {
            let (figure, value) = line.rsplit_once(' ').unwrap();
            (figure.to_owned(), value.parse().unwrap())
        });
        Self { values: values.collect(), text }
    }

    /// The value of this figure. One that is not there is a fault of the test or of the server.
    #[track_caller]
    pub(crate) fn value(&self, figure: &str) -> f64 {
        *self.values.get(figure).unwrap_or_else(|| panic!("there is no {figure}:\n{}", self.text))
    }

    /// The names without labels; those of a histogram without its endings.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.values.keys().map(|figure| name(figure)).collect();
        names.dedup();
        names
    }

    /// Every figure with its labels.
    pub(crate) fn figures(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

fn name(figure: &str) -> String {
    let name = figure.split('{').next().unwrap();
    let endings = ["_bucket", "_sum", "_count"];
    endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name).to_owned()
}

/// Status and body.
pub(crate) fn get(port: u16, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n").unwrap();
    let answer = read_answer(&mut BufReader::new(stream)).unwrap();
    (answer.status, answer.body)
}
