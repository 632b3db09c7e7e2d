//! A history that a server shows in part.

use crate::{
    safe::{Safe, alarms, keep, say},
    stage::{Page, after_ms, another_device, person, play},
};
use cliquet_web_crypto::{
    browser::app::{alarm::Alarm, history_check::check},
    client::records::Store,
};
use cliquet_wire::history::Segment;
use std::rc::Rc;

/// Whether the server shows a segment, by its place from the oldest.
type Shown = fn(&Segment, usize) -> bool;

/// Eight segments, of two devices of Alice's: those at the places 2 and 5 are of the second.
async fn kept() -> (Rc<Safe>, crate::stage::Person) {
    let alice = person("alice", 0).await;
    let other = another_device(&alice, 0).await;
    let safe = Safe::of(&alice).await;
    let (first, second) = (safe.enter(&alice, false).await, safe.enter(&other, false).await);
    for number in 0..8 {
        let page = if number % 3 == 2 { &second } else { &first };
        say(page, number).await;
        keep(page).await.unwrap();
    }
    assert_eq!(safe.segments(), 8);
    (safe, alice)
}

/// How many messages this browser has.
fn texts(page: &Page) -> usize {
    page.tab.disk().count_of(Store::Messages)
}

async fn restored(safe: &Rc<Safe>, alice: &crate::stage::Person, shown: Shown) -> (Page, Vec<Alarm>) {
    safe.show(shown);
    // The leading tab restores at once.
    let page = safe.enter(alice, true).await;
    let alarms = alarms(&page);
    (page, alarms)
}

#[test]
fn a_history_that_is_shown_whole_comes_back_without_an_alarm() {
    play(async {
        let (safe, alice) = kept().await;
        let (page, alarms) = restored(&safe, &alice, |_, _| true).await;
        assert_eq!((texts(&page), alarms), (8, vec![]));
        let checked = check(&page.engine, true).await.unwrap();
        assert_eq!((checked.texts, checked.closed, checked.missing), (8, 0, 0));
    });
}

/// Finding: a withheld tail of the history passed the check.
#[test]
fn a_part_of_the_history_that_the_server_withholds_is_said_and_what_came_stays() {
    play(async {
        let (safe, alice) = kept().await;
        let withheld: [(&str, Shown, usize); 6] = [
            ("the last", |_, place| place != 7, 1),
            ("the last of the other device", |_, place| place != 5, 1),
            ("the first", |_, place| place != 0, 1),
            ("one in between", |_, place| place != 3, 1),
            ("the newest half", |_, place| place < 4, 4),
            ("everything", |_, _| false, 8),
        ];
        for (what, shown, missing) in withheld {
            let (page, alarms) = restored(&safe, &alice, shown).await;
            assert_eq!(alarms, [Alarm::HistoryWithheld], "{what}");
            assert_eq!(texts(&page), 8 - missing, "{what}");
            let checked = check(&page.engine, true).await.unwrap();
            assert_eq!((checked.closed, checked.missing), (0, missing as u64), "{what}");
            // It is said once by the restoration; what is checked later says it again.
            keep(&page).await.unwrap();
            assert_eq!(crate::safe::alarms(&page), [], "{what}");
        }
    });
}

#[test]
fn the_check_of_the_newest_part_finds_that_the_end_is_withheld() {
    play(async {
        let (safe, alice) = kept().await;
        let (page, _) = restored(&safe, &alice, |_, _| true).await;
        for (what, shown, missing) in [
            ("nothing", (|_, _| true) as Shown, 0),
            ("the last of one device", |_, place| place != 7, 1),
            ("the last of both", |_, place| place != 7 && place != 5, 2),
        ] {
            safe.show(shown);
            let checked = check(&page.engine, false).await.unwrap();
            assert_eq!((checked.all, checked.missing), (false, missing), "{what}");
        }
    });
}

#[test]
fn a_restoration_that_was_interrupted_still_knows_what_is_missing() {
    play(async {
        let (safe, alice) = kept().await;
        safe.show(|_, place| place != 7);
        let page = safe.enter(&alice, false).await;
        page.tab.disk().restore_history();
        // The disk refuses after the first steps.
        let disk = page.tab.disk().clone();
        let refusing = tokio::task::spawn_local(async move {
            after_ms(5).await;
            disk.refuse(true);
        });
        assert!(keep(&page).await.is_err());
        refusing.await.unwrap();
        let part = texts(&page);
        assert!(part > 0 && part < 7, "{part}");
        page.tab.disk().refuse(false);
        page.told();
        keep(&page).await.unwrap();
        assert_eq!((texts(&page), alarms(&page)), (7, vec![Alarm::HistoryWithheld]));
    });
}

/// Finding: what a device had not added to the history yet when another one came never reached that one.
#[test]
fn what_another_device_adds_after_a_new_one_came_reaches_it_too() {
    play(async {
        let (safe, alice) = kept().await;
        // As after a day without a network: these wait on a device that is away.
        let other = another_device(&alice, 0).await;
        let away = safe.enter(&other, false).await;
        say(&away, 20).await;
        say(&away, 21).await;
        let (new, alarms) = restored(&safe, &alice, |_, _| true).await;
        assert_eq!((texts(&new), alarms), (8, vec![]));
        keep(&away).await.unwrap();
        assert_eq!(safe.segments(), 9);
        keep(&new).await.unwrap();
        assert_eq!(texts(&new), 10);
        // What it has it asks for no more, and never for its own.
        let asked = safe.asked();
        keep(&new).await.unwrap();
        say(&new, 30).await;
        keep(&new).await.unwrap();
        keep(&new).await.unwrap();
        assert_eq!((safe.asked(), safe.segments()), (asked, 10));
    });
}

#[test]
fn what_could_not_be_read_of_another_device_is_read_the_next_time() {
    play(async {
        let (safe, alice) = kept().await;
        let (new, _) = restored(&safe, &alice, |_, _| true).await;
        let other = another_device(&alice, 0).await;
        let away = safe.enter(&other, false).await;
        for number in 20..26 {
            say(&away, number).await;
            keep(&away).await.unwrap();
        }
        new.tab.disk().refuse(true);
        assert!(keep(&new).await.is_err());
        new.tab.disk().refuse(false);
        keep(&new).await.unwrap();
        assert_eq!(texts(&new), 14);
    });
}
