//! What systemd is told.

use crate::support::{PATIENCE, program::Program};
use std::os::unix::net::UnixDatagram;

#[test]
fn the_service_manager_is_told_when_the_server_answers_and_a_wrong_address_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let heard = || {
        let mut bytes = [0; 256];
        let length = manager.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    };
    let mut server = Program::start(folder.path(), &[("NOTIFY_SOCKET", path.to_str().unwrap())]);
    assert_eq!(heard().trim_end(), "READY=1");
    server.stop();

    let nowhere = folder.path().join("nowhere");
    let mut server = Program::start(folder.path(), &[("NOTIFY_SOCKET", nowhere.to_str().unwrap())]);
    assert!(server.log().contains("the service manager could not be told"), "{}", server.log());
    server.stop();
}
