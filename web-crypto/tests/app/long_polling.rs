//! The long poll: when it is asked again, and for how long.

use crate::{
    fake::{Answer, Reply},
    stage::{Page, after_ms, page, play, problem},
};
use cliquet_web_crypto::browser::{
    app::{
        back_off,
        long_polling::{GRACE_MS, PROBE_MS, SAID_AFTER_MS, WAIT_SECONDS_MIN},
        status::Status,
    },
    platform::error::HttpError,
};
use cliquet_wire::{limits::POLL_SECONDS_DEFAULT, problem::ProblemCode};

fn nothing() -> Answer {
    Ok(r#"{"deliveries":[]}"#.to_owned())
}

fn at_once(answer: Answer) -> Reply {
    Reply::After(0, answer)
}

fn refused(code: ProblemCode) -> Answer {
    Err(HttpError::Problem(Box::new(problem(code))))
}

/// Alice's tab, which leads and was answered once.
async fn connected(replies: impl IntoIterator<Item = Reply>) -> Page {
    let page = page().await;
    page.tab.answer_polls([at_once(nothing())]);
    page.tab.answer_polls(replies);
    page.lead();
    page
}

#[test]
fn the_first_question_is_answered_at_once_and_the_next_ones_are_held() {
    play(async {
        let page = connected([Reply::After(1_000, nothing())]).await;
        after_ms(1_500).await;
        let asked = page.tab.asked();
        let waits: Vec<u32> = asked.iter().map(|asked| asked.wait_seconds).collect();
        assert_eq!(waits, [0, POLL_SECONDS_DEFAULT, POLL_SECONDS_DEFAULT]);
        assert_eq!(asked[1].deadline_ms, POLL_SECONDS_DEFAULT * 1_000 + GRACE_MS);
        // At once after an answer.
        assert_eq!(asked[2].at_ms - asked[1].at_ms, 1_000);
        assert_eq!(page.statuses().first(), Some(&Status::Connected));
    });
}

#[test]
fn failures_are_followed_by_longer_and_longer_waits_up_to_a_bound() {
    play(async {
        let failures = (0..10).map(|_| at_once(Err(HttpError::Offline)));
        let page = connected(failures).await;
        after_ms(u64::from(back_off::MAX_MS) * 12).await;
        let asked = page.tab.asked();
        let mut span = u64::from(back_off::FIRST_MS);
        for pair in asked[1..11].windows(2) {
            let wait = pair[1].at_ms - pair[0].at_ms;
            assert!((span / 2..=span).contains(&wait), "{wait} of {span}");
            span = (span * 2).min(back_off::MAX_MS.into());
        }
        assert_eq!(span, u64::from(back_off::MAX_MS));
        // After a failure the question is whether anybody is there.
        assert!(asked[2..11].iter().all(|asked| asked.wait_seconds == 0));
        assert!(page.statuses().contains(&Status::Reconnecting));
    });
}

#[test]
fn polls_that_are_cut_twice_are_held_for_less_and_asked_at_once() {
    play(async {
        let cut = || Reply::After(20_000, Err(HttpError::Offline));
        let page = connected([cut(), cut(), Reply::After(14_000, nothing()), cut()]).await;
        after_ms(70_000).await;
        let waits: Vec<u32> = page.tab.asked().iter().map(|asked| asked.wait_seconds).collect();
        // Three quarters of what was held.
        assert_eq!(waits[..5], [0, POLL_SECONDS_DEFAULT, POLL_SECONDS_DEFAULT, 15, 15]);
        let asked = page.tab.asked();
        assert_eq!(asked[2].at_ms - asked[1].at_ms, 20_000);
        assert!(!page.statuses().contains(&Status::Reconnecting));
    });
}

#[test]
fn a_poll_is_never_held_for_less_than_the_least() {
    play(async {
        let cut = || Reply::After(4_000, Err(HttpError::Unreadable));
        let page = connected([cut(), cut()]).await;
        after_ms(9_000).await;
        assert_eq!(page.tab.asked().last().map(|asked| asked.wait_seconds), Some(WAIT_SECONDS_MIN));
    });
}

#[test]
fn coming_back_renews_a_poll_that_is_held_on_a_dead_connection_within_three_seconds() {
    play(async {
        // Held by nobody; so is the next, on another dead connection of the pool; then there is a new one.
        let page = connected([Reply::Dead, Reply::Dead, Reply::After(50, nothing())]).await;
        after_ms(10_000).await;
        page.statuses();
        page.leader.returned();
        after_ms(u64::from(SAID_AFTER_MS) + 10).await;
        assert_eq!(page.statuses(), [Status::Connecting]);
        after_ms(2_500).await;
        let asked = page.tab.asked();
        assert_eq!(asked[2].at_ms, 10_000);
        assert_eq!((asked[2].wait_seconds, asked[2].deadline_ms), (0, PROBE_MS));
        assert_eq!(asked[3].at_ms, 10_000 + u64::from(PROBE_MS));
        assert_eq!(page.statuses(), [Status::Connected]);
        // And held again.
        assert_eq!(asked[4].wait_seconds, POLL_SECONDS_DEFAULT);
    });
}

#[test]
fn coming_back_to_a_good_connection_says_nothing_but_that_it_is_connected() {
    play(async {
        let page = connected([Reply::Dead, Reply::After(20, nothing())]).await;
        after_ms(5_000).await;
        page.statuses();
        page.leader.returned();
        // Again, while it is being asked: once is enough.
        page.leader.returned();
        after_ms(1_000).await;
        assert_eq!(page.statuses(), [Status::Connected]);
        assert_eq!(page.tab.asked().len(), 4);
    });
}

#[test]
fn coming_back_ends_a_pause() {
    play(async {
        let failures = (0..8).map(|_| at_once(Err(HttpError::Offline)));
        let page = connected(failures).await;
        after_ms(100_000).await;
        let before = page.tab.asked().len();
        page.leader.returned();
        after_ms(1).await;
        assert!(page.tab.asked().len() > before);
    });
}

#[test]
fn without_a_network_the_poll_ends_and_the_page_says_so() {
    play(async {
        let page = connected([Reply::Dead]).await;
        after_ms(1_000).await;
        page.statuses();
        page.tab.set_online(false);
        page.leader.lost();
        after_ms(1).await;
        let statuses = page.statuses();
        assert!(statuses.iter().all(|status| *status == Status::Offline) && !statuses.is_empty(), "{statuses:?}");
    });
}

#[test]
fn who_is_signed_out_is_asked_nothing_more_until_somebody_comes_back() {
    play(async {
        let page = connected([at_once(refused(ProblemCode::SignedOut)), at_once(nothing())]).await;
        after_ms(600_000).await;
        assert_eq!(page.tab.asked().len(), 2);
        assert_eq!(page.statuses().last(), Some(&Status::SignedOut));
        page.leader.returned();
        after_ms(1).await;
        assert_eq!(page.statuses().last(), Some(&Status::Connected));
    });
}
