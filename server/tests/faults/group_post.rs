//! R12: posts to whole groups. The server is killed at random moments of them, and everybody has each of them or nobody has.

use crate::support::{
    PATIENCE,
    house::random,
    http::{Answer, Client},
    program::Program,
    redis::RedisServer,
    seeded::{Person, letter, seeded, seeded_with_devices, serve},
    setting,
};
use cliquet_wire::{
    bytes::{Blob, Bytes},
    delivery_token::{DeliveryToken, ReplaceDeliveryToken},
    envelope::{Envelope, SendMessages},
    limits::{DEVICES_MAX, ENVELOPES_PER_POST_MAX, GROUP_MEMBERS_MAX, POLL_DELIVERIES_MAX},
    poll::PollAnswer,
};
use rand_core::Rng as _;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Barrier,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

const KILLS: u64 = 6;
/// People who post at the same time.
const SENDERS: usize = 3;
/// A kill comes within so long after they began: some posts are taken before it, and one of each is under way.
const KILL_WITHIN_MS: u64 = 500;
/// A Redis that writes several posts of the largest to a busy disk may answer later than the server waits for it.
const COMES_BACK_AFTER: Duration = Duration::from_millis(200);
/// Ids of two posts differ by at least so much.
const IDS_OF_A_POST: u64 = 1_000;
/// Padding steps: of most posts, and of those that are almost as large as a post may be.
const STEPS: usize = 2;
const STEPS_OF_LARGE: usize = 40;
/// Every so many-th post is a large one, or one that is for somebody who refuses it.
const EVERY: u64 = 4;

fn token() -> DeliveryToken {
    DeliveryToken(Bytes([0x5a; 16]))
}

/// Who shows the token may write to them.
fn sets_token(client: &mut Client, person: &Person) {
    let body = ReplaceDeliveryToken { hash: Some(token().hash()), replaces: None };
    let body = serde_json::to_string(&body).unwrap();
    let answer = client.ask("PUT", "/delivery-token", &person.token, &body).unwrap();
    assert_eq!(answer.status, 204, "{answer:?}");
}

/// One envelope for each of them.
fn post(number: u64, steps: usize, from: &Person, to: &[&Person]) -> String {
    let ciphertext = Blob(vec![7; 160 * steps + 16]);
    let letters = (0..).zip(to).map(|(place, to)| Envelope {
        ciphertext: ciphertext.clone(),
        ..letter(number * IDS_OF_A_POST + place, from, to)
    });
    let envelopes = letters.collect();
    let tokens = to.iter().map(|to| (to.email.clone(), token())).collect();
    serde_json::to_string(&SendMessages { envelopes, tokens, urgent: true }).unwrap()
}

/// Fifty accounts with eight devices each, who get all posts; one who takes none; and those who post.
struct Group {
    people: Arc<[Person]>,
}

impl Group {
    const ACCOUNTS: usize = SENDERS + GROUP_MEMBERS_MAX + 2;

    fn account(&self, number: usize) -> &[Person] {
        &self.people[number * DEVICES_MAX..][..DEVICES_MAX]
    }

    fn sender(&self, number: usize) -> &Person {
        &self.account(number)[0]
    }

    /// All devices of all fifty.
    fn readers(&self) -> &[Person] {
        &self.people[SENDERS * DEVICES_MAX..][..ENVELOPES_PER_POST_MAX]
    }

    /// No contact of those who post, and without a token. The account behind it is a neighbour of the first of them.
    fn refuses(&self) -> &[Person] {
        self.account(SENDERS + GROUP_MEMBERS_MAX)
    }
}

/// Asks as a client does: one that is told that the store is out of reach comes back.
fn asks(client: &mut Client, path: &str, token: &str, body: &str) -> Answer {
    let start = Instant::now();
    loop {
        let answer = client.post(path, token, body).unwrap();
        if answer.status != 503 {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "{answer:?}");
        thread::sleep(COMES_BACK_AFTER);
    }
}

/// A post, and what is known of it.
#[derive(Debug)]
struct Posted {
    number: u64,
    sender: usize,
    body: String,
    /// One account refuses it.
    is_refused: bool,
    /// Of an answer. `None`: the server was killed before it gave one. 503: Redis may have taken the post or not.
    status: Option<u16>,
}

impl Posted {
    fn new(number: u64, sender: usize, group: &Group) -> Self {
        let is_refused = number % EVERY == 1;
        let steps = if number % EVERY == 3 { STEPS_OF_LARGE } else { STEPS };
        // Somebody else is in the place of the last ones.
        let readers = &group.readers()[..ENVELOPES_PER_POST_MAX - if is_refused { DEVICES_MAX } else { 0 }];
        let others = if is_refused { group.refuses() } else { &[] };
        let to: Vec<&Person> = readers.iter().chain(others).collect();
        let body = post(number, steps, group.sender(sender), &to);
        Self { number, sender, body, is_refused, status: None }
    }
}

/// Posts one after the other until no answer comes. All begin at the same time.
fn posts_until_killed(
    address: SocketAddr,
    group: &Group,
    sender: usize,
    (next, begin): (&AtomicU64, &Barrier),
) -> Vec<Posted> {
    let mut client = Client::to(address);
    let mut posted = Vec::new();
    let another = || Posted::new(next.fetch_add(1, Ordering::SeqCst), sender, group);
    let mut post = another();
    begin.wait();
    loop {
        let answer = client.post("/messages", &group.sender(sender).token, &post.body);
        post.status = answer.as_ref().ok().map(|answer| answer.status);
        let (number, is_refused) = (post.number, post.is_refused);
        posted.push(post);
        match answer {
            Ok(Answer { status: 201, .. }) if !is_refused => {}
            Ok(Answer { status: 503, .. }) => {}
            Ok(Answer { status: 403, body, .. }) if is_refused && body.contains("not-a-contact") => {}
            Ok(other) => panic!("post {number}: {} {}", other.status, other.body),
            Err(_) => return posted,
        }
        post = another();
    }
}

/// What came to each device, read and acknowledged.
struct Mailboxes {
    cursors: Vec<u64>,
    /// How often each device got each post.
    got: BTreeMap<u64, Vec<u32>>,
}

impl Mailboxes {
    fn read(&mut self, address: SocketAddr, readers: &[Person]) {
        let mut client = Client::to(address);
        for (place, reader) in readers.iter().enumerate() {
            loop {
                let poll = format!(r#"{{"cursor":{},"wait_seconds":0}}"#, self.cursors[place]);
                let answer = asks(&mut client, "/poll", &reader.token, &poll);
                assert_eq!(answer.status, 200, "{answer:?}");
                let deliveries = serde_json::from_str::<PollAnswer>(&answer.body).unwrap().deliveries;
                let are_all = deliveries.len() < POLL_DELIVERIES_MAX;
                self.cursors[place] = deliveries.last().map_or(self.cursors[place], |delivery| delivery.cursor);
                for envelope in deliveries.into_iter().filter_map(|delivery| delivery.envelope) {
                    let number = u64::from(envelope.message_number);
                    assert_eq!(number % IDS_OF_A_POST, place as u64, "it is for another device");
                    let got = self.got.entry(number / IDS_OF_A_POST).or_insert_with(|| vec![0; readers.len()]);
                    got[place] += 1;
                }
                if are_all {
                    break;
                }
            }
        }
    }

    /// Whether everybody has this post. Somebody alone may not.
    fn has(&self, number: u64) -> bool {
        let Some(got) = self.got.get(&number) else { return false };
        assert!(got.iter().all(|times| *times == 1), "post {number} came to each device so often: {got:?}");
        true
    }
}

#[derive(Default)]
struct Verdict {
    kills: u64,
    acknowledged: u64,
    kept: u64,
    lost: u64,
    refused: u64,
}

/// Everybody posts, the server is killed at some moment, and started again: what is in the mailboxes then?
fn kills_at_random_moments(name: &str, mut redis: Option<RedisServer>) {
    let (folder, people) = seeded_with_devices(Group::ACCOUNTS, DEVICES_MAX);
    let group = Arc::new(Group { people });
    let mailbox = redis.as_ref().map_or_else(|| "sqlite".to_owned(), RedisServer::url);
    let mut server = serve(folder.path(), &mailbox);
    let mut client = Client::to(server.address());
    group.readers().iter().step_by(DEVICES_MAX).for_each(|reader| sets_token(&mut client, reader));
    let mut mailboxes = Mailboxes { cursors: vec![0; ENVELOPES_PER_POST_MAX], got: BTreeMap::new() };
    let (next, begin) = (Arc::new(AtomicU64::new(0)), Arc::new(Barrier::new(SENDERS + 1)));
    let mut verdict = Verdict::default();
    let (start, minutes) = (Instant::now(), setting("CLIQUET_MINUTES"));
    while minutes.map_or(verdict.kills < KILLS, |minutes| start.elapsed() < Duration::from_secs(60 * minutes)) {
        let address = server.address();
        let send = |sender| {
            let (group, next, begin) = (Arc::clone(&group), Arc::clone(&next), Arc::clone(&begin));
            thread::spawn(move || posts_until_killed(address, &group, sender, (&next, &begin)))
        };
        let senders: Vec<_> = (0..SENDERS).map(send).collect();
        begin.wait();
        thread::sleep(Duration::from_millis(random().next_u64() % KILL_WITHIN_MS));
        server.kill();
        // Every third time Redis goes as well.
        if let Some(redis) = redis.as_mut().filter(|_| verdict.kills % 3 == 2) {
            redis.kill();
            redis.start_again();
        }
        verdict.kills += 1;
        let posted: Vec<Posted> = senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect();
        server.start_again();
        mailboxes.read(address, group.readers());
        for post in &posted {
            let has = mailboxes.has(post.number);
            match (post.is_refused, post.status) {
                (true, _) => {
                    assert!(!has, "post {} was refused, and is there", post.number);
                    verdict.refused += 1;
                }
                (false, Some(201)) => {
                    assert!(has, "post {} was acknowledged, and is not there", post.number);
                    verdict.acknowledged += 1;
                }
                (false, _) if has => verdict.kept += 1,
                (false, _) => verdict.lost += 1,
            }
        }
        // Who was not answered posts again, and one who was: the answer might have been lost.
        let (answered, others): (Vec<_>, Vec<_>) =
            posted.iter().filter(|post| !post.is_refused).partition(|post| post.status == Some(201));
        for post in others.into_iter().chain(answered.into_iter().next()) {
            let token = &group.sender(post.sender).token;
            let answer = asks(&mut Client::to(address), "/messages", token, &post.body);
            assert_eq!(answer.status, 201, "{answer:?}");
        }
        mailboxes.read(address, group.readers());
        for post in &posted {
            assert_eq!(mailboxes.has(post.number), !post.is_refused, "post {} was posted again", post.number);
        }
    }
    let Verdict { kills, acknowledged, kept, lost, refused } = verdict;
    println!(
        "group posts, {name}: {kills} kills, {acknowledged} posts of {ENVELOPES_PER_POST_MAX} acknowledged, each in all \
         mailboxes; of those without an answer {kept} in all, {lost} in none; {refused} refused, in none; {} s",
        start.elapsed().as_secs()
    );
    assert!(kept + lost > 0, "no kill met a post");
    assert!(!server.log().contains("panicked"), "{}", server.log());
    if redis.is_none() {
        assert!(!server.log().contains("a store does not answer"), "a store on the own disk answers: {}", server.log());
        assert_eq!(crate::kill::integrity(&server), ["ok", "ok"]);
    }
}

/// Requirement: G10
#[test]
fn r12_killed_at_random_moments_each_post_to_a_group_is_in_all_mailboxes_or_in_none() {
    kills_at_random_moments("SQLite", None);
}

/// Requirement: G10
#[test]
fn r12_over_redis_killed_at_random_moments_each_post_to_a_group_is_in_all_mailboxes_or_in_none() {
    kills_at_random_moments("Redis", Some(RedisServer::start()));
}

/// Not even the log of a developer, which has every path.
#[test]
fn no_log_holds_a_delivery_token() {
    let (folder, people) = seeded(3);
    let server = Program::start(folder.path(), &[("ROCKET_LOG_LEVEL", "debug")]);
    let mut client = Client::to(server.address());
    people[1..].iter().for_each(|person| sets_token(&mut client, person));
    let (me, them) = (&people[0], &people[1]);
    let shown = serde_json::to_string(&token()).unwrap();
    let to: Vec<&Person> = people[1..].iter().collect();
    assert_eq!(client.post("/messages", &me.token, &post(1, STEPS, me, &to)).unwrap().status, 201);
    let path = format!("/contacts/{}", them.email);
    let directory = format!(r#"{{"token":{shown}}}"#);
    assert_eq!(client.post(&format!("{path}/directory"), &me.token, &directory).unwrap().status, 200);
    for refused in [&format!(r#"{{"token":{shown},"more":1}}"#), &format!(r#"{{"token":{shown}"#)] {
        assert_eq!(client.post(&format!("{path}/directory"), &me.token, refused).unwrap().status, 422);
    }
    let claim = format!(r#"{{"devices":["{}"],"token":{shown}}}"#, them.device);
    client.post(&format!("{path}/bundles"), &me.token, &claim).unwrap();
    let log = server.log();
    assert!(log.contains("/messages"), "it says something: {log}");
    for secret in [shown.trim_matches('"'), &token().hash().to_string()] {
        assert!(!log.contains(secret), "{log}");
    }
}
