//! Owns people who write and read all the time, each on two threads: one posts a letter until it is taken, one polls, keeps what
//! came, and acknowledges it with the next poll. They know nothing of what happens to the server.

use crate::{
    history::{History, Verdict},
    support::{
        PATIENCE,
        http::Client,
        seeded::{Person, letter, post_of},
    },
};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Between two letters of one person, and before a second try.
const PAUSE: Duration = Duration::from_millis(10);

pub(crate) struct Load {
    shared: Arc<Shared>,
    senders: Vec<JoinHandle<()>>,
    receivers: Vec<JoinHandle<()>>,
}

struct Shared {
    address: SocketAddr,
    people: Arc<[Person]>,
    history: History,
    next: AtomicU64,
    enough: AtomicBool,
    all_sent: AtomicBool,
}

impl Load {
    pub(crate) fn start(address: SocketAddr, people: &Arc<[Person]>) -> Self {
        let shared = Arc::new(Shared {
            address,
            people: Arc::clone(people),
            history: History::default(),
            next: AtomicU64::new(1),
            enough: AtomicBool::new(false),
            all_sent: AtomicBool::new(false),
        });
        let threads = |work: fn(&Shared, usize)| {
            let spawn = |number| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || work(&shared, number))
            };
            (0..people.len()).map(spawn).collect()
        };
        Self { senders: threads(send), receivers: threads(receive), shared }
    }

    pub(crate) fn verdict_so_far(&self) -> Verdict {
        self.shared.history.verdict()
    }

    /// Every letter is taken in the end, and everything is read.
    pub(crate) fn end(self) -> Verdict {
        self.shared.enough.store(true, Ordering::SeqCst);
        self.senders.into_iter().for_each(|sender| sender.join().unwrap());
        self.shared.all_sent.store(true, Ordering::SeqCst);
        self.receivers.into_iter().for_each(|receiver| receiver.join().unwrap());
        self.shared.history.verdict()
    }
}

fn send(shared: &Shared, number: usize) {
    let (from, to) = (&shared.people[number], &shared.people[(number + 1) % shared.people.len()]);
    let mut client = Client::to(shared.address);
    while !shared.enough.load(Ordering::SeqCst) {
        let envelope = letter(shared.next.fetch_add(1, Ordering::SeqCst), from, to);
        let post = post_of(&envelope);
        shared.history.sends(&envelope);
        let mut hopeless = None;
        loop {
            let start = Instant::now();
            let answer = client.post("/messages", &from.token, &post);
            shared.history.is_answered(&answer, start.elapsed());
            if answer.is_ok_and(|answer| answer.status == 201) {
                shared.history.is_told(&envelope);
                break;
            }
            if shared.enough.load(Ordering::SeqCst) {
                let since = *hopeless.get_or_insert(start);
                assert!(since.elapsed() < PATIENCE, "a letter is not taken: {}", shared.history.verdict());
            }
            thread::sleep(PAUSE);
        }
        thread::sleep(PAUSE);
    }
}

fn receive(shared: &Shared, number: usize) {
    let me = &shared.people[number];
    let mut client = Client::to(shared.address);
    let (mut cursor, mut hopeless) = (0, None);
    loop {
        // Asked before the poll: what was taken before it is in its answer.
        let last = shared.all_sent.load(Ordering::SeqCst);
        let wait = if last { 0 } else { 2 };
        let start = Instant::now();
        let answer = client.post("/poll", &me.token, &format!(r#"{{"cursor":{cursor},"wait_seconds":{wait}}}"#));
        shared.history.is_answered(&answer, start.elapsed());
        match answer {
            Ok(answer) if answer.status == 200 => {
                let before = cursor;
                cursor = shared.history.sees(me.device, cursor, &answer);
                if last && cursor == before {
                    return;
                }
            }
            _ => {
                if last {
                    let since = *hopeless.get_or_insert(start);
                    assert!(since.elapsed() < PATIENCE, "polls do not resume: {}", shared.history.verdict());
                }
                thread::sleep(PAUSE);
            }
        }
    }
}
