//! What crosses between tabs of different releases.

use crate::stage::{address, page, play};
use cliquet_web_crypto::{
    browser::app::{
        alarm::Alarm,
        change::Change,
        command::Command,
        engine::Signal,
        frame::{Frame, FrameError},
    },
    client::conversation::ConversationId,
};

fn every_frame() -> Vec<Frame> {
    let bob = address("bob");
    let id = ConversationId::from(&bob);
    let commands = [
        Command::AddContact(bob.clone()),
        Command::Read(id.clone()),
        Command::Verify { address: bob.clone(), verified: true },
        Command::KeepHistory { address: bob.clone(), keep: false },
        Command::Block(bob.clone()),
        Command::Unblock(bob.clone()),
        Command::AcceptKey { address: bob.clone(), key_hash: [7; 32], verified: true },
        Command::Import,
        Command::AddByLink { address: bob.clone(), key_hash: [8; 32] },
    ];
    let changes = vec![
        Change::Message { conversation: id.clone(), key: "a key".into() },
        Change::Conversation(id),
        Change::Peer(bob),
        Change::ToSend,
        Change::ToKeep,
        Change::DeviceAdded,
        Change::OwnListForked,
    ];
    commands
        .into_iter()
        .map(Frame::Ask)
        .chain([Frame::Changed(changes), Frame::Hello, Frame::Alarm(Alarm::ListForked)])
        .collect()
}

/// The version stands after the array's head: `[version, frame]`.
fn of_version(frame: &Frame, version: u8) -> Vec<u8> {
    let mut bytes = frame.encode();
    assert_eq!(bytes[..2], [0x82, 1]);
    bytes[1] = version;
    bytes
}

#[test]
fn every_frame_reads_back() {
    for frame in every_frame() {
        assert_eq!(Frame::decode(&frame.encode()), Ok(frame));
    }
}

#[test]
fn a_frame_that_is_cut_or_longer_is_refused() {
    for frame in every_frame() {
        let bytes = frame.encode();
        for length in 0..bytes.len() {
            assert!(Frame::decode(&bytes[..length]).is_err(), "{frame:?} cut to {length}");
        }
        assert_eq!(Frame::decode(&[bytes.as_slice(), &[0]].concat()), Err(FrameError::Unreadable));
    }
}

#[test]
fn a_later_version_and_an_unknown_kind_are_told_apart_from_an_earlier_version() {
    for frame in every_frame() {
        assert_eq!(Frame::decode(&of_version(&frame, 2)), Err(FrameError::Later));
        assert_eq!(Frame::decode(&of_version(&frame, 0)), Err(FrameError::Unreadable));
    }
    // Version 1, with a kind that this program does not know.
    assert_eq!(Frame::decode(&[0x82, 1, 0x82, 0x18, 0x63, 0x80]), Err(FrameError::Later));
}

#[test]
fn a_tab_that_hears_a_later_release_is_told_to_reload() {
    play(async {
        let page = page().await;
        page.engine.hear(&of_version(&Frame::Ask(Command::Import), 2));
        assert_eq!(page.told(), [Signal::Outdated]);
        assert!(page.tab.announced().is_empty());
    });
}

#[test]
fn a_command_of_an_earlier_release_is_refused_and_answered_so_that_its_tab_reloads() {
    play(async {
        let page = page().await;
        for bytes in [of_version(&Frame::Ask(Command::Import), 0), b"rubbish".to_vec(), Vec::new()] {
            page.engine.hear(&bytes);
            assert!(page.told().is_empty());
            assert_eq!(page.tab.announced(), [Frame::Hello.encode()]);
        }
        // The answer is answered by nobody.
        page.engine.hear(&Frame::Hello.encode());
        assert!(page.told().is_empty() && page.tab.announced().is_empty());
    });
}
