//! The file that holds everything: what is written is read back, and nothing else is.

use crate::{
    disk::Disk,
    groups::{ALICE, BOB, CAROL, group_lines},
    world::{World, address, now_or_never, signer},
};
use cliquet_web_crypto::{
    client::{
        conversation::{
            Amendments, ConversationId, DeliveryStatus, Failure, GroupId, Lifetime, Message, MessageBody, MessageId,
            MessageRef, Notice, ReceivedBy, Receiver,
        },
        group::{Change, Group, Standing as GroupStanding},
        history::{Standing, content, messages, standing},
        peer::{Contact, Trust},
        records::Store,
        saved_file::{FILE_BYTES_MAX, FileError, Owner, SavedFile, Writer},
    },
    crypto::{cbor, history::OlderKeys, keys::Key},
};
use cliquet_wire::{bytes::Digest, problem::ProblemCode};
use proptest::prelude::*;

struct Account {
    email: cliquet_wire::address::Address,
    hash: Digest,
    key: Key,
    older: OlderKeys,
}

impl Account {
    fn of(name: &str, account: usize, key: u8) -> Self {
        let hash = signer(account).account_key().hash();
        Self { email: address(name), hash, key: Key::from_bytes([key; 32]), older: OlderKeys::default() }
    }

    fn alice() -> Self {
        Self::of("alice", 0, 7)
    }

    fn owner(&self) -> Owner<'_> {
        Owner { email: &self.email, account_key_hash: &self.hash, history_key: &self.key, older: &self.older }
    }

    fn read(&self, file: &str) -> Result<Vec<Message>, FileError> {
        let saved = SavedFile::read(file.as_bytes(), self.owner())?;
        let texts: Vec<Message> = saved.texts().collect();
        assert_eq!(texts.len() as u64, saved.count());
        Ok(texts)
    }

    /// A file as home writes it: each contact with its lines.
    fn write(&self, conversations: &[(Contact, Vec<Message>)]) -> String {
        self.write_all(conversations, &[])
    }

    /// The same, then each group by its name.
    fn write_all(&self, conversations: &[(Contact, Vec<Message>)], groups: &[(GroupId, &str, Vec<Message>)]) -> String {
        let mut to = Writer::begin(self.owner(), "Messages of <alice>", "en");
        let mut file = String::new();
        for (contact, lines) in conversations {
            to.conversation(&contact.peer);
            for line in lines {
                to.message(line, "some \"day\"");
            }
            file.push_str(&to.piece());
        }
        for (group, name, lines) in groups {
            to.group(*group, name);
            for line in lines {
                to.message(line, "some \"day\"");
            }
            file.push_str(&to.piece());
        }
        file.push_str(&to.end());
        file
    }
}

/// Known to Alice, from the world of the other tests.
fn bob(world: &World) -> Contact {
    world.devices[0].contact("bob").clone()
}

fn text(id: u8, sender: &str, status: DeliveryStatus, text: &str) -> Message {
    let body = MessageBody::Text(text.to_owned());
    let (sort_time, client_time, server_time) = (1_000 + u64::from(id), 900, 950);
    let conversation = address("bob").into();
    Message {
        id: MessageId::from_parts(1, [id; 10]),
        conversation,
        sender: address(sender),
        sort_time,
        client_time,
        server_time,
        body,
        status,
        amendments: Amendments::default(),
        quote: None,
        lifetime: None,
        received_by: None,
        passed_on_by: None,
        attachment: None,
    }
}

/// A small one, of everything that a file may hold.
fn file() -> (String, Vec<Message>) {
    let world = World::alice_and_bob(740);
    let lines = vec![
        text(1, "alice", DeliveryStatus::Delivered, "hello & <b>\"good\"</b> morning\u{a0}!\nnext line &amp; &#x41;"),
        text(2, "bob", DeliveryStatus::Received, "</p></li></ol></section><footer data-texts=\"9\""),
        text(3, "alice", DeliveryStatus::Sent, ""),
        text(4, "alice", DeliveryStatus::Failed(Failure::Refused(ProblemCode::MailboxFull)), "é ☃ \u{0}\r\n"),
        text(5, "alice", DeliveryStatus::Failed(Failure::Expired), "late"),
        text(6, "alice", DeliveryStatus::Failed(Failure::KeyChanged), "no"),
        Message {
            quote: Some(MessageRef { sender: address("bob"), id: MessageId::from_parts(1, [2; 10]) }),
            ..text(7, "alice", DeliveryStatus::Sent, "a reply")
        },
    ];
    (Account::alice().write(&[(bob(&world), lines.clone())]), lines)
}

#[test]
fn what_is_saved_is_read_back() {
    let (file, lines) = file();
    assert_eq!(Account::alice().read(&file).unwrap(), lines);
    // The page shows it to anyone who opens it, and runs nothing.
    assert!(file.starts_with("<!doctype html>") && file.contains("hello &amp; &lt;b&gt;&quot;good&quot;"));
    assert!(!file.contains("<b>\"") && !file.contains("<script"));
}

#[test]
fn an_account_without_contacts_has_a_file_as_well() {
    let alice = Account::alice();
    assert_eq!(alice.read(&alice.write(&[])).unwrap(), []);
}

#[test]
fn notices_and_oneself_are_left_out_and_what_waited_can_be_sent_again() {
    let world = World::alice_and_bob(741);
    let mut lines = vec![text(1, "alice", DeliveryStatus::Waiting, "on its way")];
    let body = MessageBody::Notice(Notice::DeviceAdded);
    lines.push(Message { body, ..text(2, "bob", DeliveryStatus::Received, "") });
    let myself = world.devices[0].contact("alice").clone();
    assert_eq!(myself.peer.trust, Trust::Own);
    let alice = Account::alice();
    let read = alice.read(&alice.write(&[(myself, vec![]), (bob(&world), lines)])).unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!((read[0].text(), read[0].status), ("on its way", DeliveryStatus::Failed(Failure::BadPreKeys)));
    assert_eq!(messages(&content(read.clone()), &world.devices[0].address).unwrap(), read, "a device may take it");
}

const WALKS: GroupId = GroupId([0xab; 16]);

/// A group in which Carol speaks, who is no contact of Alice, and to whom Alice's text came.
fn in_group() -> Vec<Message> {
    let conversation = ConversationId::Group(WALKS);
    let of_group = |message: Message| Message { conversation: conversation.clone(), ..message };
    let received = ReceivedBy { readers: 2, members: vec![Receiver { address: address("carol"), has_read: true }] };
    vec![
        of_group(text(20, "carol", DeliveryStatus::Received, "on <Sunday>")),
        of_group(Message { received_by: Some(received), ..text(21, "alice", DeliveryStatus::Sent, "at ten") }),
        of_group(Message { passed_on_by: Some(address("carol")), ..text(22, "bob", DeliveryStatus::Received, "yes") }),
    ]
}

#[test]
fn a_group_is_read_back_beside_conversations_of_two_with_texts_of_all_its_members() {
    let world = World::alice_and_bob(744);
    let alice = Account::alice();
    let with_bob = vec![text(1, "bob", DeliveryStatus::Received, "good morning")];
    let group = in_group();
    let mut lines = group.clone();
    let changes = vec![Change::Name("walks".into())];
    lines.push(Message { body: MessageBody::Group(changes), ..group[0].clone() });
    lines.push(Message {
        lifetime: Some(Lifetime::of(300)),
        ..text(24, "carol", DeliveryStatus::Received, "soon gone")
    });
    let file = alice.write_all(&[(bob(&world), with_bob.clone())], &[(WALKS, "Walks & <talks>", lines)]);
    assert_eq!(
        alice.read(&file).unwrap(),
        [with_bob, group.clone()].concat(),
        "no line about the group, none that goes"
    );
    assert!(file.contains("<h2>Walks &amp; &lt;talks&gt;</h2>") && file.contains("<b>carol@example.org</b>"));

    let saved = SavedFile::read(file.as_bytes(), alice.owner()).unwrap();
    let mut texts = saved.texts();
    let mut titles = Vec::new();
    while texts.next().is_some() {
        titles.push(texts.title().to_owned());
    }
    assert_eq!(titles, ["bob@example.org", "Walks & <talks>", "Walks & <talks>", "Walks & <talks>"]);

    for altered in [
        file.replace("on &lt;Sunday", "on &lt;Monday"),
        file.replace("<b>carol@", "<b>karol@"),
        file.replace("Walks &amp;", "Talks &amp;"),
        file.replace(&WALKS.to_string(), &GroupId([0xcd; 16]).to_string()),
    ] {
        assert_ne!(altered, file);
        assert_eq!(alice.read(&altered), Err(FileError::Altered));
    }
}

/// Written with the account's own key, and yet as no device writes it.
#[test]
fn what_nobody_can_have_said_there_is_no_file() {
    let world = World::alice_and_bob(745);
    let alice = Account::alice();
    let refused = |conversations: &[(Contact, Vec<Message>)], group: Vec<Message>| {
        let file = alice.write_all(conversations, &[(WALKS, "walks", group)]);
        assert_eq!(alice.read(&file), Err(FileError::Altered));
    };
    let received = Some(ReceivedBy { readers: 1, members: Vec::new() });
    // Somebody else in a conversation of two.
    refused(&[(bob(&world), vec![text(1, "carol", DeliveryStatus::Received, "hello")])], vec![]);
    // Receipts outside of a group, or for what others wrote.
    let own = text(1, "alice", DeliveryStatus::Sent, "hello");
    refused(&[(bob(&world), vec![Message { received_by: received.clone(), ..own }])], vec![]);
    let [of_carol, of_alice, _] = in_group().try_into().unwrap();
    refused(&[], vec![Message { received_by: received, ..of_carol.clone() }]);
    // Handed over, and one's own or outside of a group.
    let passed_on_by = Some(address("bob"));
    refused(&[], vec![Message { passed_on_by: passed_on_by.clone(), ..of_alice.clone() }]);
    let of_bob = text(1, "bob", DeliveryStatus::Received, "hello");
    refused(&[(bob(&world), vec![Message { passed_on_by, ..of_bob }])], vec![]);
    // One's own text that came from elsewhere, and another's that was sent from here.
    refused(&[], vec![Message { status: DeliveryStatus::Received, ..of_alice }]);
    refused(&[], vec![Message { status: DeliveryStatus::Sent, ..of_carol }]);
}

#[test]
fn a_truncated_file_is_refused_at_every_length() {
    let (file, _) = file();
    let alice = Account::alice();
    for length in 0..file.len() {
        let refused = SavedFile::read(&file.as_bytes()[..length], alice.owner()).err();
        let expected = if length < 40 { FileError::Foreign } else { FileError::CutOff };
        assert_eq!(refused, Some(expected), "{length} of {} bytes", file.len());
    }
}

#[test]
fn a_flipped_bit_anywhere_is_refused() {
    let (file, _) = file();
    let alice = Account::alice();
    let mut bytes = file.into_bytes();
    for place in 0..bytes.len() {
        let bit = 1 << (place % 8);
        bytes[place] ^= bit;
        assert!(SavedFile::read(&bytes, alice.owner()).is_err(), "byte {place}, bit {bit}");
        bytes[place] ^= bit;
    }
    assert!(SavedFile::read(&bytes, alice.owner()).is_ok());
}

#[test]
fn a_text_that_was_put_in_taken_out_or_moved_is_noticed() {
    let (file, _) = file();
    let alice = Account::alice();
    let (before, rest) = file.split_once("<li").unwrap();
    let (first, rest) = rest.split_once("</li>").unwrap();
    let first = format!("<li{first}</li>");
    let (second, rest) = rest.split_once("</li>").unwrap();
    for altered in [
        format!("{before}{second}</li>{rest}"),
        format!("{before}{first}{first}{second}</li>{rest}"),
        format!("{before}{second}</li>{first}{rest}"),
        file.replace("data-texts=\"7\"", "data-texts=\"5\""),
        format!("{file}{file}"),
        format!("{file}\n"),
    ] {
        let refused = alice.read(&altered).unwrap_err();
        assert!(matches!(refused, FileError::Altered | FileError::CutOff), "{refused:?}");
    }
}

#[test]
fn the_file_of_somebody_else_is_refused_and_says_whose_it_is() {
    let (file, _) = file();
    assert_eq!(Account::of("bob", 1, 7).read(&file), Err(FileError::OtherAccount(address("alice"))));
    // The same address, made again after password and recovery key were lost.
    assert_eq!(Account::of("alice", 1, 7).read(&file), Err(FileError::EarlierAccount));
    // As somebody would forge it who knows everything but the key.
    assert_eq!(Account::of("alice", 0, 8).read(&file), Err(FileError::Altered));
}

#[test]
fn what_is_no_file_of_ours_or_of_a_later_version_is_refused_as_such() {
    let (file, _) = file();
    let alice = Account::alice();
    for foreign in ["", "hello", "<!doctype html><html lang=\"en\"><p>hello</p></html>\n", "\u{feff}", "PK\u{3}\u{4}"] {
        assert_eq!(alice.read(foreign), Err(FileError::Foreign));
    }
    assert_eq!(alice.read(&format!("\u{feff}{file}")), Err(FileError::Foreign));
    let random: Vec<u8> = (0..5_000_u32).map(|n| (n * n % 251) as u8).collect();
    assert_eq!(SavedFile::read(&random, alice.owner()).err(), Some(FileError::Foreign));
    let newer = file.replacen("data-cliquet-file=\"1\"", "data-cliquet-file=\"2\"", 1);
    assert_eq!(alice.read(&newer), Err(FileError::Newer));
    let other_end = newer.replace("</footer>", "</footer><nav></nav>");
    assert_eq!(alice.read(&other_end[..other_end.len() - 3]), Err(FileError::Newer));
    assert_eq!(alice.read(&file.replacen("-file=\"1\"", "-file=\"x\"", 1)), Err(FileError::Altered));
}

#[test]
fn a_file_at_the_limit_is_read_and_one_past_it_is_not() {
    assert_eq!(SavedFile::fits(FILE_BYTES_MAX), Ok(()));
    assert_eq!(SavedFile::fits(FILE_BYTES_MAX + 1), Err(FileError::TooLarge));
    assert_eq!(SavedFile::fits(u64::MAX), Err(FileError::TooLarge));
}

fn bring_back(world: &mut World, place: usize, texts: Vec<Message>) -> usize {
    let device = &mut world.devices[place];
    let step = now_or_never(device.messenger.brought_back(&device.disk, texts)).unwrap();
    let changes = step.changes.puts.len() + step.changes.deletes.len();
    device.take(step);
    changes
}

fn to_keep(world: &World, place: usize) -> usize {
    world.devices[place].disk.0.keys().filter(|(store, _)| *store == Store::ToKeep).count()
}

#[test]
fn what_is_brought_back_stands_where_it_stood_is_news_to_nobody_and_goes_into_the_history() {
    let mut world = World::alice_and_bob(742);
    for n in 0..4 {
        world.write(0, "bob", &format!("there {n}"));
        world.settle();
        world.write(1, "alice", &format!("back {n}"));
        world.settle();
    }
    let before = world.devices[0].lines("bob");
    let alice = Account::alice();
    let saved = alice.read(&alice.write(&[(bob(&world), before.clone())])).unwrap();
    assert_eq!(saved, before);

    let fresh = world.add_device("alice", 0);
    let standing = |world: &World, text: &Message| {
        let device = &world.devices[fresh];
        now_or_never(standing(&device.disk, text)).unwrap()
    };
    // Somebody who is no contact is not made one, by whatever key.
    assert_eq!(standing(&world, &saved[0]), Standing::Stranger);
    assert_eq!(bring_back(&mut world, fresh, saved.clone()), 0);
    assert!(world.devices[fresh].messenger.contact(&address("bob")).is_none());

    world.add_contact(fresh, "bob");
    assert_eq!(standing(&world, &saved[0]), Standing::New);
    let posts = world.office.accepted;
    // Cut short after three, then all of it, then all of it again.
    bring_back(&mut world, fresh, saved[..3].to_vec());
    assert_eq!(world.devices[fresh].lines("bob"), before[..3]);
    bring_back(&mut world, fresh, saved.clone());
    assert_eq!(world.devices[fresh].lines("bob"), before);
    assert_eq!(standing(&world, &saved[0]), Standing::Known);
    assert_eq!(bring_back(&mut world, fresh, saved), 0, "what is known adds nothing");
    let contact = world.devices[fresh].contact("bob");
    assert_eq!((contact.conversation.unread, contact.owed.receipts.len()), (0, 0));
    assert_eq!(contact.conversation.newest, before.last().unwrap().sort_time);
    assert_eq!(world.office.accepted, posts, "nobody is told");
    assert_eq!(to_keep(&world, fresh), before.len(), "the history lacks them");
}

#[test]
fn a_groups_texts_come_back_once_where_it_is_known_and_nowhere_else() {
    let mut world = World::four();
    let id = world.group_of(&["bob", "carol"]);
    world.settle();
    world.say(BOB, id, "shall we");
    world.settle();
    world.say(ALICE, id, "on Sunday");
    world.say(CAROL, id, "yes");
    world.settle();
    let of_group = |world: &World, place: usize| {
        let lines = group_lines(&world.devices[place], id);
        lines.into_iter().filter(|line| !line.is_notice()).collect::<Vec<_>>()
    };
    let before = of_group(&world, BOB);
    assert_eq!(before.len(), 3);
    assert!(before[0].received_by.as_ref().is_some_and(|received| received.readers == 2));
    let account = Account::of("bob", 1, 7);
    let file = account.write_all(&[], &[(id, "walks", group_lines(&world.devices[BOB], id))]);
    let saved = account.read(&file).unwrap();
    assert_eq!(saved, before);

    // As the vault leaves it on a device that has nothing else.
    let disk = &mut world.devices[BOB].disk;
    disk.0.retain(|(store, _), _| !matches!(store, Store::Messages | Store::MessageKeys));
    let known = disk.0.remove(&(Store::Groups, id.to_string())).unwrap();
    let is = |disk: &Disk| now_or_never(standing(disk, &saved[0])).unwrap();
    assert_eq!(is(disk), Standing::NoGroup);
    let deleted = Group::new(id, GroupStanding::Deleted, address("alice"));
    disk.0.insert((Store::Groups, id.to_string()), cbor::save(&deleted));
    assert_eq!(is(disk), Standing::NoGroup, "the person deleted it with its texts");
    assert_eq!(bring_back(&mut world, BOB, saved.clone()), 0);
    let disk = &mut world.devices[BOB].disk;
    disk.0.insert((Store::Groups, id.to_string()), known);
    assert_eq!(is(disk), Standing::New);

    let posts = world.office.accepted;
    bring_back(&mut world, BOB, saved.clone());
    assert_eq!(of_group(&world, BOB), before);
    assert_eq!(bring_back(&mut world, BOB, saved), 0, "what is known adds nothing");
    assert_eq!(of_group(&world, BOB), before);
    assert_eq!(world.office.accepted, posts, "nobody is told");
}

fn mark() -> impl Strategy<Value = (&'static str, DeliveryStatus)> {
    let failures = [Failure::KeyChanged, Failure::BadPreKeys, Failure::Expired];
    let refused = ProblemCode::ALL.iter().copied().map(Failure::Refused);
    let failed = failures.into_iter().chain(refused).map(|failure| ("alice", DeliveryStatus::Failed(failure)));
    let marks =
        [("alice", DeliveryStatus::Sent), ("alice", DeliveryStatus::Delivered), ("bob", DeliveryStatus::Received)];
    prop::sample::select(marks.into_iter().chain(failed).collect::<Vec<_>>())
}

prop_compose! {
    fn any_text()(id in any::<[u8; 10]>(), times in any::<[u64; 3]>(), mark in mark(), words in any::<String>()) -> Message {
        let ((sender, status), [sort_time, client_time, server_time]) = (mark, times);
        let (id, body) = (MessageId::from_parts(client_time, id), MessageBody::Text(words));
        Message { id, conversation: address("bob").into(), sender: address(sender), sort_time, client_time, server_time, body, status, amendments: Amendments::default(), quote: None, lifetime: None, received_by: None, passed_on_by: None, attachment: None }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_was_said_is_read_back_as_it_was(lines in prop::collection::vec(any_text(), 0..12), name in any::<String>()) {
        thread_local!(static WORLD: World = World::alice_and_bob(743));
        let alice = Account::alice();
        let conversation = ConversationId::Group(WALKS);
        let in_group: Vec<Message> =
            lines.iter().map(|line| Message { conversation: conversation.clone(), ..line.clone() }).collect();
        let groups = [(WALKS, name.as_str(), in_group.clone())];
        let file = WORLD.with(|world| alice.write_all(&[(bob(world), lines.clone())], &groups));
        prop_assert_eq!(alice.read(&file).unwrap(), [lines, in_group].concat());
    }

    #[test]
    fn no_bytes_end_the_program(head in any::<bool>(), bytes in any::<Vec<u8>>(), end in any::<bool>()) {
        let mut file = if head { file().0.into_bytes()[..60].to_vec() } else { Vec::new() };
        file.extend(bytes);
        if end {
            file.extend(b"></footer></html>\n");
        }
        prop_assert!(SavedFile::read(&file, Account::alice().owner()).is_err());
    }
}
