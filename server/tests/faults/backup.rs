//! A backup of a running server, and people who go on after it was restored elsewhere.

use crate::{
    history::History,
    support::{
        PATIENCE,
        http::Client,
        program::cliquet,
        seeded::{Person, letter, post_of, seeded, serve},
    },
};
use std::{
    net::SocketAddr,
    path::Path,
    process::Output,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

const PAUSE: Duration = Duration::from_millis(5);

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

pub(crate) fn back_up(folder: &Path, file: &Path) -> Output {
    cliquet(folder).arg("backup").arg(file).output().unwrap()
}

pub(crate) fn restore(folder: &Path, file: &Path) -> Output {
    cliquet(folder).arg("restore").arg(file).output().unwrap()
}

/// People who keep their cursors whatever becomes of the server.
struct Crowd {
    people: Arc<[Person]>,
    cursors: Vec<AtomicU64>,
    history: History,
    next: AtomicU64,
}

impl Crowd {
    /// Everyone writes to the next and reads, until `meanwhile` is over. Some are asleep: their letters wait.
    fn live(&self, address: SocketAddr, meanwhile: impl FnOnce()) {
        let enough = AtomicBool::new(false);
        thread::scope(|scope| {
            for number in 0..self.people.len() {
                let enough = &enough;
                scope.spawn(move || {
                    let mut client = Client::to(address);
                    while !enough.load(Ordering::SeqCst) {
                        self.send(&mut client, number);
                        thread::sleep(PAUSE);
                    }
                });
                if number % 3 != 0 {
                    scope.spawn(move || {
                        let mut client = Client::to(address);
                        while !enough.load(Ordering::SeqCst) {
                            self.read(&mut client, number);
                            thread::sleep(8 * PAUSE);
                        }
                    });
                }
            }
            meanwhile();
            enough.store(true, Ordering::SeqCst);
        });
    }

    fn send(&self, client: &mut Client, number: usize) {
        let (from, to) = (&self.people[number], &self.people[(number + 1) % self.people.len()]);
        let envelope = letter(self.next.fetch_add(1, Ordering::SeqCst), from, to);
        self.history.sends(&envelope);
        let start = Instant::now();
        let answer = client.post("/messages", &from.token, &post_of(&envelope));
        self.history.is_answered(&answer, start.elapsed());
        if answer.is_ok_and(|answer| answer.status == 201) {
            self.history.is_told(&envelope);
        }
    }

    /// Whether anything came.
    fn read(&self, client: &mut Client, number: usize) -> bool {
        let (me, start) = (&self.people[number], Instant::now());
        let cursor = self.cursors[number].load(Ordering::SeqCst);
        let answer = client.post("/poll", &me.token, &format!(r#"{{"cursor":{cursor},"wait_seconds":0}}"#));
        self.history.is_answered(&answer, start.elapsed());
        let answer = answer.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        let after = self.history.sees(me.device, cursor, &answer);
        self.cursors[number].store(after, Ordering::SeqCst);
        after != cursor
    }

    fn read_all(&self, address: SocketAddr) {
        let start = Instant::now();
        for number in 0..self.people.len() {
            let mut client = Client::to(address);
            while self.read(&mut client, number) {
                assert!(start.elapsed() < PATIENCE, "letters do not end");
            }
        }
    }
}

#[test]
fn people_go_on_after_a_backup_made_under_load_is_restored_elsewhere() {
    let (folder, people) = seeded(6);
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("cliquet.backup");
    let cursors = people.iter().map(|_| AtomicU64::new(0)).collect();
    let crowd = Crowd { people, cursors, history: History::default(), next: AtomicU64::new(1) };
    let mut server = serve(folder.path(), "sqlite");
    let mut before = Default::default();
    let mut words = String::new();
    crowd.live(server.address(), || {
        thread::sleep(Duration::from_millis(400));
        before = crowd.history.told();
        let output = back_up(server.folder(), &file);
        words = said(&output);
        assert!(output.status.success(), "{words}");
        thread::sleep(Duration::from_millis(300));
    });
    let waiting = crowd.history.not_shown(&before);
    server.kill();
    drop(server);
    let elsewhere = tempfile::tempdir().unwrap();
    let output = restore(elsewhere.path(), &file);
    assert!(output.status.success(), "{}", said(&output));
    let server = serve(elsewhere.path(), "sqlite");
    crowd.live(server.address(), || thread::sleep(Duration::from_millis(300)));
    crowd.read_all(server.address());
    let verdict = crowd.history.verdict();
    println!("{words}{}before the backup {}, of which {waiting} waited; {verdict}", said(&output), before.len());
    assert!(before.len() > 20 && waiting > 0, "too little happened");
    assert_eq!(crowd.history.not_shown(&before), 0, "lost although accepted before the backup");
    assert_eq!((verdict.twice, verdict.invented, verdict.disordered), (0, 0, 0));
}
