//! R5: answers that are cut after any number of bytes, in the head and in the body.

use crate::support::{
    http::{Answer, Client},
    seeded::{Person, letter, post_of, seeded, serve},
};
use cliquet_wire::poll::PollAnswer;
use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Between us and the server: hands every request on, and of the answer only so many bytes. The rest it reads and drops,
/// so that the server believes it sent all.
struct Cutter {
    address: SocketAddr,
    after: Arc<AtomicUsize>,
}

impl Cutter {
    fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let after = Arc::new(AtomicUsize::new(usize::MAX));
        let bytes = Arc::clone(&after);
        // Ends with the process.
        thread::spawn(move || {
            for inner in listener.incoming().map_while(Result::ok) {
                let _ = carry(inner, server, bytes.load(Ordering::SeqCst));
            }
        });
        Self { address, after }
    }

    /// One request, its answer cut after so many bytes.
    fn ask(&self, bytes: usize, path: &str, who: &Person, body: &str) -> io::Result<Answer> {
        self.after.store(bytes, Ordering::SeqCst);
        Client::to(self.address).post(path, &who.token, body)
    }
}

fn carry(mut client: TcpStream, server: SocketAddr, bytes: usize) -> io::Result<()> {
    let mut upstream = TcpStream::connect(server)?;
    let mut request = [0; 64 * 1024];
    // Our requests are small and written at once; loopback brings them in one piece.
    let length = client.read(&mut request)?;
    upstream.write_all(&request[..length])?;
    let mut answer = Vec::new();
    let whole = loop {
        let mut piece = [0; 64 * 1024];
        let read = upstream.read(&mut piece)?;
        answer.extend_from_slice(&piece[..read]);
        if read == 0 || crate::support::http::read_answer(&mut answer.as_slice()).is_ok() {
            break answer;
        }
    };
    client.write_all(&whole[..bytes.min(whole.len())])?;
    client.shutdown(Shutdown::Both)
}

fn poll(cursor: u64) -> String {
    format!(r#"{{"cursor":{cursor},"wait_seconds":0}}"#)
}

/// What a whole answer holds: the cursors and the numbers of the letters.
fn read(answer: &Answer) -> Vec<(u64, u32)> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer: PollAnswer = serde_json::from_str(&answer.body).unwrap();
    answer
        .deliveries
        .iter()
        .map(|delivery| (delivery.cursor, delivery.envelope.as_ref().unwrap().message_number))
        .collect()
}

/// Asks again and again, one byte more each time (or `step`), until the whole answer arrives; how often it was cut.
fn cut_everywhere(mut ask: impl FnMut(usize) -> io::Result<Answer>, mut between: impl FnMut()) -> (usize, Answer) {
    const STEP: usize = 3;
    let mut cuts = 0;
    loop {
        match ask(cuts * STEP) {
            Ok(answer) => return (cuts, answer),
            Err(_) => cuts += 1,
        }
        between();
    }
}

#[test]
fn r5_an_answer_that_is_cut_anywhere_is_given_again() {
    let (folder, people) = seeded(2);
    let server = serve(folder.path(), "sqlite");
    let (from, to, cutter) = (&people[0], &people[1], Cutter::before(server.address()));
    let mut direct = Client::to(server.address());
    // The sender's side: an answer that does not arrive is asked for again, and stores nothing more.
    let mut all_cuts = 0;
    for number in 1..=3 {
        let body = post_of(&letter(number, from, to));
        let (cuts, answer) = cut_everywhere(|bytes| cutter.ask(bytes, "/messages", from, &body), || {});
        assert_eq!(answer.status, 201, "{answer:?}");
        assert!(cuts > 20, "only {cuts} cuts");
        all_cuts += cuts;
    }
    let all = read(&direct.post("/poll", &to.token, &poll(0)).unwrap());
    assert_eq!(all.iter().map(|(_, number)| *number).collect::<Vec<_>>(), [1, 2, 3]);
    // The receiver's side: first nothing is acknowledged, then one letter, then two, then all.
    for have in 0..=3 {
        let cursor = if have == 0 { 0 } else { all[have - 1].0 };
        let ask = |bytes| cutter.ask(bytes, "/poll", to, &poll(cursor));
        let (cuts, answer) = cut_everywhere(ask, || {
            // Whatever was cut, it is all still there.
            assert_eq!(read(&direct.post("/poll", &to.token, &poll(cursor)).unwrap()), all[have..]);
        });
        assert_eq!(read(&answer), all[have..]);
        assert!(cuts > 20, "only {cuts} cuts");
        all_cuts += cuts;
    }
    println!("cut: {all_cuts} answers cut, lost 0, twice 0");
}
