//! The file of settings: `Rocket.toml` of the repository, with what was answered.

use super::{answers::Answers, error::InitError, proxy::Proxy};
use cliquet_server::config::Registration;
use rustix::process::geteuid;
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, chown},
    path::{Path, PathBuf},
};

/// Every setting is in it, most of them as comments.
const ALL: &str = include_str!("../../../Rocket.toml");

/// The settings that these answers make.
pub(super) fn settings(answers: &Answers, data_dir: Option<&str>) -> String {
    let registration = match answers.registration {
        Registration::Open => "\"open\"",
        Registration::Invite => "\"invite\"",
        Registration::Closed => "\"closed\"",
    };
    let mut text = set(ALL, "registration", registration);
    text = set(&text, "url", &quoted(&answers.url.to_string()));
    if let Some(data_dir) = data_dir {
        text = set(&text, "data_dir", &quoted(data_dir));
    }
    match answers.proxy {
        Proxy::None if answers.url.is_local() => {}
        Proxy::None => {
            for (name, value) in [("address", "\"::\""), ("port", "443"), ("acme", "true")] {
                text = set(&text, name, value);
            }
        }
        // Only a proxy writes this header over what a visitor wrote.
        Proxy::Caddy | Proxy::Nginx | Proxy::Other => text = set(&text, "ip_header", "\"X-Real-IP\""),
    }
    text
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// Sets a setting, to a value as TOML writes it, in the line that has it, as a comment or not.
fn set(text: &str, name: &str, value: &str) -> String {
    let is_it = |line: &str| {
        let rest = line.trim_start_matches("# ").strip_prefix(name);
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let lines = text.lines().map(|line| match is_it(line) {
        true => format!("{name} = {value}\n"),
        false => format!("{line}\n"),
    });
    lines.collect()
}

/// A file that was written and is removed again unless it is kept.
pub(super) struct SettingsFile {
    path: PathBuf,
    is_kept: bool,
}

impl SettingsFile {
    /// Writes a new file. One that is there is not touched.
    pub(super) fn write(path: &Path, text: &str) -> Result<Self, InitError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AlreadyExists => InitError::Configured(path.to_owned()),
            _ => InitError::Settings { path: path.to_owned(), source },
        };
        let mut options = OpenOptions::new();
        // It may come to hold the password of a Redis.
        let mut file = options.write(true).create_new(true).mode(0o640).open(path).map_err(failed)?;
        let written = Self { path: path.to_owned(), is_kept: false };
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        if geteuid().is_root() {
            give_to_group(path).map_err(failed)?;
        }
        Ok(written)
    }

    /// From now on it stays.
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }
}

/// The server, which does not run as root, reads what root writes by the group of the folder.
fn give_to_group(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    chown(path, None, Some(fs::metadata(folder)?.gid()))
}

impl Drop for SettingsFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // What went wrong before is what the host hears.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cliquet_server::{config::Config, public_url::PublicUrl};
    use rocket::figment::{
        Figment,
        providers::{Format, Toml},
    };

    #[test]
    fn every_answer_is_in_the_file_and_is_read_from_it() {
        for registration in [Registration::Open, Registration::Invite, Registration::Closed] {
            for (proxy, header) in
                [(Proxy::Caddy, Some("X-Real-IP")), (Proxy::Other, Some("X-Real-IP")), (Proxy::None, None)]
            {
                let url = PublicUrl::of_name("chat.example.org").unwrap();
                let is_alone = proxy == Proxy::None;
                let text = settings(&Answers { url: url.clone(), proxy, registration }, Some("/srv/letters"));
                let figment =
                    Figment::from(cliquet_server::config::rocket_defaults()).merge(Toml::string(&text).nested());
                let config = Config::from_figment(&figment).unwrap();
                assert_eq!((config.registration, config.url.as_ref()), (registration, Some(&url)));
                assert_eq!(config.data_dir(), Path::new("/srv/letters"));
                let rocket = rocket::Config::try_from(&figment).unwrap();
                assert_eq!(rocket.ip_header.as_ref().map(|header| header.as_str()), header);
                assert_eq!((config.acme, rocket.port), if is_alone { (true, 443) } else { (false, 8000) });
                assert_eq!(rocket.address.is_loopback(), !is_alone);
            }
        }
    }

    #[test]
    fn who_tries_it_here_needs_no_certificate() {
        let url = PublicUrl::of_name("localhost").unwrap();
        let answers = Answers { url, proxy: Proxy::None, registration: Registration::Invite };
        assert!(
            !settings(&answers, None).lines().any(|line| line.starts_with("acme") || line.starts_with("ip_header"))
        );
    }

    #[test]
    fn a_file_that_is_there_is_not_touched_and_one_that_is_not_kept_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Rocket.toml");
        drop(SettingsFile::write(&path, "first").unwrap());
        assert!(!path.exists());
        SettingsFile::write(&path, "second").unwrap().keep();
        assert!(matches!(SettingsFile::write(&path, "third"), Err(InitError::Configured(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "second");
        let nowhere = folder.path().join("nowhere/Rocket.toml");
        assert!(matches!(SettingsFile::write(&nowhere, ""), Err(InitError::Settings { .. })));
    }
}
