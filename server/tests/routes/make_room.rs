//! A full account, and someone who has the password and none of its devices.

use crate::support::house::{PASSWORD, Person, TestServer};
use cliquet_wire::{
    certificate::DeviceDirectory,
    contacts::Contacts,
    devices::{Devices, RevokeDevice},
    ids::DeviceId,
    limits::DEVICES_MAX,
    problem::ProblemCode::*,
    sign_in::SignedIn,
};
use rocket::http::Method;

/// As many devices as there may be, in order of entry.
async fn full_account(server: &TestServer) -> (Person, Vec<Person>) {
    let mut alice = server.sign_up("alice@example.org").await;
    let mut others = Vec::new();
    for _ in 1..DEVICES_MAX {
        others.push(server.second_device(&mut alice).await);
    }
    (alice, others)
}

fn ids(devices: &Devices) -> Vec<DeviceId> {
    devices.devices.iter().map(|device| device.id).collect()
}

#[rocket::async_test]
async fn a_sign_in_of_no_device_takes_one_off_a_full_account_and_so_makes_room_for_another() {
    let server = TestServer::start().await;
    let (alice, others) = full_account(&server).await;
    let visitor = server.another_browser(&alice).await;
    let listed: Devices = server.get(&visitor, "/devices").await.expect(200);
    let all: Vec<DeviceId> = [&alice].into_iter().chain(&others).map(Person::device).collect();
    assert_eq!(ids(&listed), all);
    assert!(listed.devices.iter().all(|device| !device.this));

    let (lost, counter) = (&others[2], alice.list.counter + 1);
    let left: Vec<DeviceId> = all.iter().copied().filter(|device| *device != lost.device()).collect();
    let good = RevokeDevice { device_list: visitor.signed_list(counter, left.clone()).await };
    let mut unsigned = good.clone();
    unsigned.device_list.signature.0[100] ^= 1;
    let path = format!("/devices/{}/revoke", lost.device());
    let before = server.rows();
    server.post(&visitor, &path, &unsigned).await.expect_problem(BadSignature);
    let outdated = RevokeDevice { device_list: visitor.signed_list(counter - 1, left.clone()).await };
    server.post(&visitor, &path, &outdated).await.expect_problem(ListOutdated);
    let two = RevokeDevice { device_list: visitor.signed_list(counter, left[1..].to_vec()).await };
    server.post(&visitor, &path, &two).await.expect_problem(BadSignature);
    assert_eq!(server.rows(), before);
    server.get(lost, "/contacts").await.expect::<Contacts>(200);
    let one_more = server.another_browser(&alice).await;
    server.post(&one_more, "/devices", &one_more.registration().await).await.expect_problem(DeviceLimit);

    let directory: DeviceDirectory = server.post(&visitor, &path, &good).await.expect(200);
    assert_eq!(directory.device_list, good.device_list);
    server.get(lost, "/contacts").await.expect_problem(NoDevice);
    // That sign-in ends, and speaks for nobody any more.
    server.post(&visitor, "/sign-out", &()).await.expect_nothing();
    server.get(&visitor, "/devices").await.expect_problem(SignedOut);

    let new = server.another_browser(&alice).await;
    let directory: DeviceDirectory = server.post(&new, "/devices", &new.registration().await).await.expect(201);
    assert_eq!(directory.device_list.devices, [left, vec![new.device()]].concat());
    let again = server.another_browser(&alice).await;
    server.post(&again, "/devices", &again.registration().await).await.expect_problem(DeviceLimit);
    // Anyone who keeps the lost one signs in as no device.
    let back: SignedIn = server.sign_in("alice@example.org", PASSWORD, Some(&lost.identity)).await.expect(200);
    assert_eq!(back.device, None);
}

#[rocket::async_test]
async fn the_page_is_shown_to_anyone_who_speaks_for_no_device_and_leads_the_others_home() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let visitor = server.another_browser(&alice).await;
    let html = [("Accept", "text/html")];
    for who in [None, Some(&visitor)] {
        let page = server.ask(Method::Get, who, "/make-room", Vec::new(), &html).await;
        assert!(page.status == 200 && page.body.contains("id=\"make-room\""), "{}", page.body);
        assert!(page.body.contains(&format!("at most {DEVICES_MAX} devices")), "{}", page.body);
    }
    let page = server.ask(Method::Get, &alice, "/make-room", Vec::new(), &html).await;
    assert_eq!((page.status, page.header("Location")), (303, Some("/home")));
    // The way there, from the sign-in page.
    for (page, link) in [("/sign-in", "/recover"), ("/recover", "/make-room")] {
        let page = server.ask(Method::Get, None, page, Vec::new(), &html).await;
        assert!(page.body.contains(&format!("href=\"{link}\"")), "{}", page.body);
    }
}
