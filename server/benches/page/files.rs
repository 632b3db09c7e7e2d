//! A file of 100 MB: sealed in one page, uploaded, and saved in the other, beside the same bytes to and from a plain nginx.

use super::{Row, Times};
use crate::{
    person::{Person, meet},
    support::{
        ports::{free_port, until_listening},
        process::Process,
        program::Program,
    },
};
use cliquet_web_crypto::crypto::sealed_file::FileLayout;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

const BYTES: usize = 100_000_000;
/// Each of them is done once with Cliquet and once with nginx, one after the other.
const TIMES: usize = 5;
/// 150 MB in a second.
const GOAL_SEALING_MS: f64 = 667.0;
const GOAL_TASK_MS: f64 = 50.0;
const GOAL_RATIO: f64 = 1.3;
const GOAL_MEMORY_MB: f64 = 4.0;
/// Between two looks at the server's memory.
const LOOK: Duration = Duration::from_millis(5);

/// In the sender's page: the press, when the message is shown, which is when all of the file is sealed and kept, the tasks
/// that held the page up until then, and the requests that uploaded it.
const WATCH_SENDING: &str = "(() => {
    performance.setResourceTimingBufferSize(5000);
    performance.clearResourceTimings();
    window.sending = { pressed: 0, shown: 0, tasks: [] };
    addEventListener('click', event => {
        if (event.target.closest('[data-tray=send]')) sending.pressed = performance.now();
    }, true);
    const count = () => document.querySelectorAll('.message.own .file').length, before = count();
    new MutationObserver(() => {
        if (count() > before) sending.shown ||= performance.now();
    }).observe(document.querySelector('.messages'), { subtree: true, childList: true });
    new PerformanceObserver(list => {
        for (const { startTime, duration } of list.getEntries()) sending.tasks.push([startTime, duration]);
    }).observe({ type: 'longtask' });
    return 1;
})()";
const SENT: &str = "(() => {
    const parts = performance.getEntriesByType('resource').filter(({ name }) => /\\/files\\/[^/]+\\/\\d+$/.test(name));
    const tasks = sending.tasks.filter(([start]) => start >= sending.pressed && start < sending.shown);
    return {
        sealing: sending.shown - sending.pressed,
        task: Math.max(0, ...tasks.map(([, duration]) => duration)),
        upload: Math.max(...parts.map(part => part.responseEnd)) - Math.min(...parts.map(part => part.startTime)),
        parts: parts.length,
    };
})()";
/// In the reader's page: from the press to the file in one piece.
const WATCH_SAVING: &str = "(() => {
    window.saving = { pressed: 0, made: 0 };
    addEventListener('click', event => {
        if (event.target.closest('[data-file-do=save]')) saving.pressed = performance.now();
    }, true);
    const make = URL.createObjectURL;
    URL.createObjectURL = blob => { if (saving.pressed) saving.made ||= performance.now(); return make.call(URL, blob); };
    return 1;
})()";
/// In a page of nginx.
const MAKE_BYTES: &str = "(() => {
    const one = new Uint8Array(65536).map(() => Math.random() * 256);
    window.bytes = new Blob(Array(Math.ceil(a[0] / one.length)).fill(one)).slice(0, a[0]);
    return bytes.size;
})()";
const PUT_PLAIN: &str = "(start => fetch(a[0], { method: 'PUT', body: bytes })
    .then(answer => answer.ok && performance.now() - start))(performance.now())";
const GET_PLAIN: &str = "(start => fetch(a[0], { cache: 'no-store' }).then(answer => answer.blob())
    .then(blob => blob.size === bytes.size && performance.now() - start))(performance.now())";

#[derive(Debug, Deserialize)]
struct Sending {
    sealing: f64,
    task: f64,
    upload: f64,
    parts: usize,
}

pub(super) async fn measure(house: &Path, url: &str, server: &Program) -> Vec<Row> {
    let (iris, jack) = (Person::arrive(house, "iris", url).await, Person::arrive(house, "jack", url).await);
    iris.sign_up().await;
    jack.sign_up().await;
    meet(&iris, &jack).await;
    let (plain, nginx) = Nginx::start(house);
    let beside = iris.browser.new_tab().await;
    beside.goto(&plain).await;
    assert_eq!(beside.ask(MAKE_BYTES, vec![BYTES.into()]).await, json!(BYTES));
    let milliseconds = |value: Value| value.as_f64().expect("nginx takes and gives the file");

    let chunks = FileLayout::new(BYTES as u64).unwrap().chunks();
    let file = house.join("film.mkv");
    let (mut sealing, mut tasks, mut up, mut down) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut memory = Vec::new();
    for time in 0..TIMES {
        // Each file is another one.
        let bytes: Vec<u8> = (0..BYTES as u64)
            .map(|place| (place.wrapping_mul(0x9e37_79b9_7f4a_7c15 + time as u64) >> 56) as u8)
            .collect();
        fs::write(&file, bytes).unwrap();
        let name = format!("/{time}");
        let put = milliseconds(beside.ask(PUT_PLAIN, vec![name.clone().into()]).await);
        iris.tab.goto(&iris.url("/home")).await;
        iris.open(&jack).await;
        iris.tab.until_shown("form[data-composer] > fieldset:enabled").await;
        iris.tab.ask(WATCH_SENDING, vec![]).await;
        iris.tab.choose_file("[data-file-input]", &file.display().to_string()).await;
        iris.tab.until_shown("#file-tray[open]").await;
        let held = Held::watch(server);
        iris.tab.click("#file-tray [data-tray=send]").await;
        iris.tab.until("the file to be sent", "[...document.querySelectorAll('.message.own')].at(-1)?.dataset.mark?.match(/^(sent|delivered|read)$/) && sending.shown", vec![]).await;
        let sent: Sending = serde_json::from_value(iris.tab.ask(SENT, vec![]).await).unwrap();
        memory.push(held.most_above_rest());
        assert_eq!(sent.parts, chunks as usize, "a request is missing");

        let get = milliseconds(beside.ask(GET_PLAIN, vec![name.into()]).await);
        jack.tab.goto(&jack.url("/home")).await;
        jack.open(&iris).await;
        let last = ".message.peer:last-of-type .file [data-file-do=save]";
        jack.tab
            .until(
                "the file to come",
                "document.querySelectorAll('.message.peer .file').length === a[0]",
                vec![(time + 1).into()],
            )
            .await;
        jack.tab.ask(WATCH_SAVING, vec![]).await;
        jack.tab.click(last).await;
        jack.tab.until("the file to be saved", "saving.made", vec![]).await;
        let save = milliseconds(jack.tab.ask("saving.made - saving.pressed", vec![]).await);

        sealing.push(sent.sealing);
        tasks.push(sent.task);
        up.push((put, sent.upload));
        down.push((get, save));
    }
    drop(nginx);
    let row =
        |what: &str, goal, times, unit| Row { what: format!("100 MB: {what}"), goal, times: Times::of(times), unit };
    let of = |pairs: &[(f64, f64)], of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).collect::<Vec<f64>>();
    vec![
        row("sealed and kept, from the press to the message on the page", Some(GOAL_SEALING_MS), sealing, "ms"),
        row("the longest task meanwhile", Some(GOAL_TASK_MS), tasks, "ms"),
        row("uploaded", None, of(&up, |(_, ours)| *ours), "ms"),
        row("uploaded, to nginx", None, of(&up, |(plain, _)| *plain), "ms"),
        row("upload, beside nginx", Some(GOAL_RATIO), of(&up, |(plain, ours)| ours / plain), "x"),
        row("memory of the server above rest, at the most", Some(GOAL_MEMORY_MB), memory, "MB"),
        row("fetched, opened and put together", None, of(&down, |(_, ours)| *ours), "ms"),
        row("fetched from nginx", None, of(&down, |(plain, _)| *plain), "ms"),
        row("download, beside nginx", Some(GOAL_RATIO), of(&down, |(plain, ours)| ours / plain), "x"),
    ]
}

/// A server of files and of nothing else, which takes them by `PUT`.
struct Nginx {
    _process: Process,
}

impl Nginx {
    /// And its address.
    fn start(house: &Path) -> (String, Self) {
        let (house, port) = (house.join("plain"), free_port());
        fs::create_dir_all(house.join("files")).unwrap();
        let at = house.display();
        let configuration = format!(
            "pid {at}/pid; events {{}} http {{ access_log off; client_body_temp_path {at}/body; proxy_temp_path {at}/proxy; \
             fastcgi_temp_path {at}/fastcgi; uwsgi_temp_path {at}/uwsgi; scgi_temp_path {at}/scgi; client_max_body_size 0; \
             server {{ listen 127.0.0.1:{port}; root {at}/files; dav_methods PUT; location = / {{ return 200 ok; }} }} }}"
        );
        let path = house.join("nginx.conf");
        fs::write(&path, configuration).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-p").arg(&house).arg("-c").arg(&path).args([
            "-e",
            "stderr",
            "-g",
            "daemon off; master_process off;",
        ]);
        let log = house.join("log");
        let mut process = Process::start(&mut command, &log);
        until_listening(&mut process, port, &log);
        (format!("http://localhost:{port}/"), Self { _process: process })
    }
}

/// Looks at the server's memory, without the program's own pages.
struct Held {
    rest: f64,
    is_over: Arc<AtomicBool>,
    most: JoinHandle<f64>,
}

impl Held {
    fn watch(server: &Program) -> Self {
        let status = format!("/proc/{}/status", server.pid().as_raw_nonzero());
        let now = move || {
            let status = fs::read_to_string(&status).unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
            line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0 / 1e6
        };
        let (rest, is_over) = (now(), Arc::new(AtomicBool::new(false)));
        let over = Arc::clone(&is_over);
        let most = thread::spawn(move || {
            let mut most: f64 = 0.0;
            while !over.load(Ordering::Relaxed) {
                most = most.max(now());
                thread::sleep(LOOK);
            }
            most
        });
        Self { rest, is_over, most }
    }

    /// In megabytes.
    fn most_above_rest(self) -> f64 {
        self.is_over.store(true, Ordering::Relaxed);
        self.most.join().unwrap() - self.rest
    }
}
