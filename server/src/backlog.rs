//! How many connections may wait at the door.
//!
//! Rocket listens with a backlog of 128: of two thousand browsers that come back at once after a restart, most would wait a second and more
//! for the kernel's next try. `listen` may be called again on a listening socket, with a larger number. Rocket does not
//! hand its socket out, and a number alone is no descriptor to safe code: the kernel duplicates our own socket for us
//! (`pidfd_getfd`). Where it may not (an old kernel, a strict sandbox), Rocket's number stays.

use rocket::{Orbit, Rocket, fairing::AdHoc};

/// The kernel cuts it to `net.core.somaxconn`, which is 4096 unless someone set it.
pub const BACKLOG: i32 = 4_096;

pub fn raise() -> AdHoc {
    AdHoc::on_liftoff("Listen backlog", |rocket| {
        Box::pin(async move {
            match listen_again(rocket) {
                Ok(0) => tracing::debug!("no listening socket was found: the backlog stays as it is"),
                Ok(_) => {}
                Err(error) => tracing::info!(cause = %error, "the listen backlog stays as it is"),
            }
        })
    })
}

/// Every socket of this process that listens on the port we serve. Returns how many there were.
#[cfg(target_os = "linux")]
fn listen_again(rocket: &Rocket<Orbit>) -> std::io::Result<u32> {
    use rustix::{
        net::{getsockname, listen, sockopt::socket_acceptconn},
        process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open},
    };
    use std::net::SocketAddr;

    let myself = pidfd_open(getpid(), PidfdFlags::empty())?;
    let mut found = 0;
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let path = entry?.path();
        // A file that was closed meanwhile is none of ours.
        let Ok(target) = std::fs::read_link(&path) else { continue };
        if !target.to_string_lossy().starts_with("socket:") {
            continue;
        }
        let Some(number) = path.file_name().and_then(|name| name.to_str()?.parse().ok()) else { continue };
        let socket = match pidfd_getfd(&myself, number, PidfdGetfdFlags::empty()) {
            Ok(socket) => socket,
            Err(rustix::io::Errno::BADF) => continue,
            Err(error) => return Err(error.into()),
        };
        let ours = |address: SocketAddr| address.port() == rocket.config().port;
        let is_ours = getsockname(&socket).ok().and_then(|name| SocketAddr::try_from(name).ok()).is_some_and(ours);
        if is_ours && socket_acceptconn(&socket).unwrap_or(false) {
            listen(&socket, BACKLOG)?;
            found += 1;
        }
    }
    Ok(found)
}

#[cfg(not(target_os = "linux"))]
fn listen_again(_: &Rocket<Orbit>) -> std::io::Result<u32> {
    Ok(0)
}
