//! Renewing a device list.

use crate::support::house::{Person, TestServer, letter};
use cliquet_web_crypto::crypto::{CheckedDirectory, rsa::native::NativeVerifier};
use cliquet_wire::{
    certificate::DeviceDirectory,
    contacts::Contacts,
    devices::{RenewDeviceList, RevokeDevice},
    envelope::{MessagesSent, SendMessages},
    ids::DeviceId,
    limits::LIST_COUNTERS_AHEAD_MAX,
    problem::ProblemCode::*,
};

/// Requirement: C2
#[rocket::async_test]
async fn a_device_list_is_renewed_only_by_a_later_one_with_the_same_devices() {
    let server = TestServer::start().await;
    let mut alice = server.sign_up("alice@example.org").await;
    let phone = server.second_device(&mut alice).await;
    let bob = server.sign_up("bob@example.org").await;
    server.add(&bob, &alice).await;
    let (old, new) = (alice.device(), phone.device());
    let list = async |counter, devices: &[DeviceId]| RenewDeviceList {
        device_list: alice.signed_list(counter, devices.to_vec()).await,
    };
    let renew = async |who: &Person, list: &RenewDeviceList| server.put(who, "/devices/list", list).await;
    let good = list(3, &[old, new]).await;
    for counter in [0, 1, 2, 3 + LIST_COUNTERS_AHEAD_MAX, u64::MAX] {
        renew(&alice, &list(counter, &[old, new]).await).await.expect_problem(ListOutdated);
    }
    for devices in [&[][..], &[old], &[new], &[new, old], &[old, new, new], &[old, new, bob.device()]] {
        renew(&alice, &list(3, devices).await).await.expect_problem(BadSignature);
    }
    let mut other = good.clone();
    other.device_list.signed += 1;
    renew(&alice, &other).await.expect_problem(BadSignature);
    other = good.clone();
    other.device_list.signature.0[9] ^= 1;
    renew(&alice, &other).await.expect_problem(BadSignature);
    renew(&bob, &good).await.expect_problem(BadSignature);
    server.put(&alice, "/devices/list", &"no list").await.expect_problem(Malformed);
    server.put(None, "/devices/list", &good).await.expect_problem(SignedOut);
    renew(&server.another_browser(&alice).await, &good).await.expect_problem(NoDevice);
    let shown =
        async |who: &Person| -> DeviceDirectory { server.get(who, "/contacts/alice@example.org").await.expect(200) };
    assert_eq!(shown(&bob).await.device_list, phone.list);

    let directory: DeviceDirectory = renew(&phone, &good).await.expect(200);
    assert_eq!((&directory.device_list, directory.certificates.len()), (&good.device_list, 2));
    assert!(CheckedDirectory::check(directory.clone(), None, 3, &NativeVerifier).await.is_ok());
    assert_eq!(shown(&bob).await, directory);
    // The other device that was about to do the same takes this one.
    renew(&alice, &good).await.expect_problem(ListOutdated);
    // Nobody is off the account by that, and who writes to its devices goes on.
    server.get(&phone, "/contacts").await.expect::<Contacts>(200);
    server.add(&alice, &bob).await;
    let to_both =
        SendMessages { envelopes: vec![letter(1, &bob, &alice), letter(2, &bob, &phone)], ..Default::default() };
    server.post(&bob, "/messages", &to_both).await.expect::<MessagesSent>(201);
    // And the next change goes on from there.
    let without = RevokeDevice { device_list: alice.signed_list(4, vec![old]).await };
    server.post(&alice, &format!("/devices/{new}/revoke"), &without).await.expect::<DeviceDirectory>(200);
    renew(&phone, &list(5, &[old]).await).await.expect_problem(NoDevice);
}

/// The server was restored from a backup that is older than a few renewals.
#[rocket::async_test]
async fn a_renewed_list_may_be_so_many_ahead_and_the_next_change_goes_on_from_there() {
    let server = TestServer::start().await;
    let mut alice = server.sign_up("alice@example.org").await;
    let counter = 1 + LIST_COUNTERS_AHEAD_MAX;
    let list = RenewDeviceList { device_list: alice.signed_list(counter, vec![alice.device()]).await };
    server.put(&alice, "/devices/list", &list).await.expect::<DeviceDirectory>(200);
    alice.list = list.device_list;
    let phone = server.second_device(&mut alice).await;
    assert_eq!(phone.list.counter, counter + 1);
    let directory: DeviceDirectory = server.get(&alice, "/contacts/alice@example.org").await.expect(200);
    assert_eq!(directory.device_list, phone.list);
}

#[rocket::async_test]
async fn device_lists_are_renewed_as_often_as_an_account_may_change_and_no_more() {
    let server = TestServer::with(&[("throttles.change_per_account_hour", "3")]).await;
    let alice = server.sign_up("alice@example.org").await;
    for counter in 2..5 {
        let list = RenewDeviceList { device_list: alice.signed_list(counter, vec![alice.device()]).await };
        server.put(&alice, "/devices/list", &list).await.expect::<DeviceDirectory>(200);
    }
    let list = RenewDeviceList { device_list: alice.signed_list(5, vec![alice.device()]).await };
    server.put(&alice, "/devices/list", &list).await.expect_problem(TooManyRequests);
}
