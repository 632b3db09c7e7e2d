//! The real binary, stopped as a service manager stops it.

use crate::support::{
    PATIENCE,
    http::request,
    office::{Person, person},
    program::{Program, data_dir},
};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

const POLLS: usize = 40;

fn connect(program: &Program) -> TcpStream {
    let stream = TcpStream::connect(program.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn poll(program: &Program, who: &Person) -> TcpStream {
    let mut stream = connect(program);
    let body = r#"{"cursor":0,"wait_seconds":50}"#;
    stream.write_all(request(program.address(), "POST", "/poll", &who.token, body).as_bytes()).unwrap();
    stream
}

#[test]
fn sigterm_answers_every_held_poll_and_ends_well_within_three_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let people: Vec<Person> =
        (0..POLLS).map(|number| person(&data_dir(folder.path()), &format!("person{number}@example.org"))).collect();
    let mut program = Program::start(folder.path(), &[("ROCKET_LOG_LEVEL", "off")]);
    let polls: Vec<TcpStream> = people.iter().map(|person| poll(&program, person)).collect();
    // Connections that ask nothing, or half a question, hold nobody up.
    let _idle = connect(&program);
    let mut halfway = connect(&program);
    halfway.write_all(b"POST /poll HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le").unwrap();
    // They are held: nothing has come back.
    std::thread::sleep(Duration::from_secs(1));
    polls[POLLS - 1].set_nonblocking(true).unwrap();
    assert!((&polls[POLLS - 1]).read(&mut [0; 1]).is_err(), "a poll was answered before the end");
    polls[POLLS - 1].set_nonblocking(false).unwrap();

    let start = Instant::now();
    program.terminate();
    for mut poll in polls {
        let mut answer = String::new();
        poll.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.ends_with(r#"{"deliveries":[]}"#), "{answer}");
    }
    let status = program.ended();
    let took = start.elapsed();
    assert_eq!(status.code(), Some(0), "{status}");
    assert!(took < Duration::from_secs(3), "{took:?}");
}
