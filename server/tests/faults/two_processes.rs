//! Two processes on one data folder: each remembers who is signed in, and neither for longer than it is so.

use crate::support::{
    http::Client,
    seeded::{seeded, serve},
};

const PEOPLE: usize = 20;

#[test]
fn a_sign_in_that_ends_in_one_process_has_ended_in_the_other() {
    let (folder, people) = seeded(PEOPLE);
    let servers = [serve(folder.path(), "sqlite"), serve(folder.path(), "sqlite")];
    let mut clients = servers.each_ref().map(|server| Client::to(server.address()));
    let poll = |client: &mut Client, token: &str| {
        client.post("/poll", token, r#"{"cursor":0,"wait_seconds":0}"#).unwrap().status
    };
    for (number, person) in people.iter().enumerate() {
        for client in &mut clients {
            // The second time from memory.
            assert_eq!([poll(client, &person.token), poll(client, &person.token)], [200, 200]);
        }
        let [one, other] = &mut clients;
        let (here, there) = if number % 2 == 0 { (one, other) } else { (other, one) };
        assert_eq!(there.post("/sign-out", &person.token, "").unwrap().status, 204);
        assert_eq!(poll(here, &person.token), 401, "person {number}");
        assert_eq!(poll(there, &person.token), 401, "person {number}");
    }
}
