//! The pass with which `cliquet doctor` asks the running server what arrives there.
//!
//! Owns a file in the data folder that is there for as long as the doctor looks: who can write it is the host. Knows nothing
//! of what is asked.

use crate::{config::Config, private_files, token::Token};
use rocket::{
    Request,
    http::Status,
    request::{FromRequest, Outcome},
};
use std::{
    convert::Infallible,
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};
use subtle::ConstantTimeEq as _;

/// The header that carries it.
pub const PASS_HEADER: &str = "Cliquet-Doctor";
const FILE_NAME: &str = "doctor-pass";
/// A doctor that was killed leaves its file behind. It opens nothing after this time.
const LIFE: Duration = Duration::from_secs(600);

/// A pass that is good until it is dropped.
#[derive(Debug)]
pub struct DoctorPass {
    path: PathBuf,
    token: Token,
}

impl DoctorPass {
    /// Puts a new one into the data folder, in place of any before.
    ///
    /// # Errors
    ///
    /// The folder takes no file, or the system gives no randomness.
    pub fn issue(data_dir: &Path) -> io::Result<Self> {
        let (path, token) = (data_dir.join(FILE_NAME), Token::generate()?);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        private_files::make(&path)?.write_all(&token.hash())?;
        private_files::give_to_owner_of(data_dir, &path)?;
        Ok(Self { path, token })
    }

    /// What [`PASS_HEADER`] says.
    pub fn header(&self) -> String {
        self.token.write()
    }
}

impl Drop for DoctorPass {
    fn drop(&mut self) {
        // What stays opens nothing after a while.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether the doctor that looks now gave out this pass.
fn is_good(data_dir: &Path, token: &Token, now: SystemTime) -> bool {
    let path = data_dir.join(FILE_NAME);
    let issued = fs::metadata(&path).and_then(|metadata| metadata.modified()).ok();
    let is_young = issued.is_some_and(|issued| now.duration_since(issued).is_ok_and(|age| age < LIFE));
    is_young && fs::read(&path).is_ok_and(|hash| bool::from(hash.ct_eq(&token.hash())))
}

/// A request of the doctor that looks now. For everybody else there is nothing here.
#[derive(Clone, Copy, Debug)]
pub struct ByDoctor;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for ByDoctor {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let token = request.headers().get_one(PASS_HEADER).and_then(Token::read);
        let (Some(token), Some(config)) = (token, request.rocket().state::<Config>()) else {
            return Outcome::Forward(Status::NotFound);
        };
        let folder = config.data_dir();
        let looked = rocket::tokio::task::spawn_blocking(move || is_good(&folder, &token, SystemTime::now()));
        if looked.await.unwrap_or(false) { Outcome::Success(Self) } else { Outcome::Forward(Status::NotFound) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_is_good_while_its_doctor_looks_and_not_for_long_after_a_doctor_was_killed() {
        let folder = tempfile::tempdir().unwrap();
        let first = DoctorPass::issue(folder.path()).unwrap();
        let token = Token::read(&first.header()).unwrap();
        let now = SystemTime::now();
        assert!(is_good(folder.path(), &token, now));
        assert!(!is_good(folder.path(), &Token::generate().unwrap(), now));
        assert!(!is_good(folder.path(), &token, now + LIFE + Duration::from_secs(1)));
        // Killed: its file stays, and a later doctor replaces it.
        std::mem::forget(first);
        let second = DoctorPass::issue(folder.path()).unwrap();
        assert!(!is_good(folder.path(), &token, now));
        let token = Token::read(&second.header()).unwrap();
        assert!(is_good(folder.path(), &token, SystemTime::now()));
        drop(second);
        assert!(!is_good(folder.path(), &token, now));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
