//! R7: SIGTERM while a thousand polls are held.

use crate::support::{
    PATIENCE,
    http::{read_answer, request},
    program::{Program, allow_many_connections},
    seeded::{seeded, serve},
};
use std::{
    io::{BufReader, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

const POLLS: usize = 1_000;

#[test]
fn r7_sigterm_answers_a_thousand_held_polls_and_ends_well() {
    allow_many_connections();
    let (folder, people) = seeded(POLLS);
    let mut server = serve(folder.path(), "sqlite");
    let address = server.address();
    let poll = |token| request(address, "POST", "/poll", token, r#"{"cursor":0,"wait_seconds":50}"#);
    let mut polls = Vec::new();
    for person in people.iter() {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(poll(&person.token).as_bytes()).unwrap();
        polls.push(stream);
    }
    until_quiet(&server);
    for poll in &polls {
        poll.set_nonblocking(true).unwrap();
        assert!(poll.peek(&mut [0; 1]).is_err(), "a poll was answered before the end");
        poll.set_nonblocking(false).unwrap();
    }
    let start = Instant::now();
    server.terminate();
    for poll in polls {
        let answer = read_answer(&mut BufReader::new(poll)).unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"deliveries":[]}"#));
    }
    let answered = start.elapsed();
    let status = server.ended();
    println!(
        "shutdown: {POLLS} polls answered in {} ms, ended in {} ms",
        answered.as_millis(),
        start.elapsed().as_millis()
    );
    assert_eq!(status.code(), Some(0), "{status}:\n{}", server.log());
    assert!(start.elapsed() < Duration::from_secs(20), "it hung: {:?}", start.elapsed());
}

/// Until the server has taken everything that it was sent: it needs the processor no more.
fn until_quiet(server: &Program) {
    let path = format!("/proc/{}/stat", server.pid().as_raw_nonzero());
    let worked = || -> u64 {
        let text = std::fs::read_to_string(&path).unwrap();
        // proc_pid_stat(5): after the name in brackets, the 12th and 13th field count its time in user and kernel.
        let after_name = text.rsplit_once(')').unwrap().1;
        after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
    };
    let start = Instant::now();
    let mut before = worked();
    loop {
        std::thread::sleep(Duration::from_secs(1));
        let now = worked();
        if now.saturating_sub(before) <= 1 {
            return;
        }
        before = now;
        assert!(start.elapsed() < PATIENCE, "the server does not come to rest");
    }
}
