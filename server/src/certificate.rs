//! A certificate and its key, in files that somebody renews.
//!
//! Owns what makes a pair that a server can start with, and how long it is good. Knows nothing of where it comes from.

use rustls::{
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use x509_parser::{certificate::Validity, parse_x509_certificate};

const DAY_SECONDS: u64 = 24 * 3600;

/// Where a pair is. Both may be the same file.
#[derive(Clone, Debug)]
pub(crate) struct CertificateFiles {
    pub(crate) certs: PathBuf,
    pub(crate) key: PathBuf,
}

/// Why a server cannot start with it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} holds no certificate as PEM", .0.display())]
    NoCertificate(PathBuf),
    #[error("{} holds no private key as PEM", .0.display())]
    NoKey(PathBuf),
    #[error("the key in {} is not that of the certificate in {}", key.display(), certs.display())]
    Foreign { certs: PathBuf, key: PathBuf },
}

/// A good pair, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    chain: Vec<CertificateDer<'static>>,
    from: SystemTime,
    until: SystemTime,
}

impl CertificateFiles {
    pub(crate) fn read(&self) -> Result<Certificate, CertificateError> {
        let no_certificate = || CertificateError::NoCertificate(self.certs.clone());
        let pem = read(&self.certs)?;
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|_| no_certificate())?;
        let first = chain.first().ok_or_else(no_certificate)?;
        let (_, parsed) = parse_x509_certificate(first).map_err(|_| no_certificate())?;
        let (from, until) = times(parsed.validity());
        let no_key = || CertificateError::NoKey(self.key.clone());
        let key = PrivateKeyDer::from_pem_slice(&read(&self.key)?).map_err(|_| no_key())?;
        match CertifiedKey::from_der(chain.clone(), key, &ring::default_provider()) {
            Ok(_) => Ok(Certificate { chain, from, until }),
            Err(rustls::Error::InconsistentKeys(_)) => {
                Err(CertificateError::Foreign { certs: self.certs.clone(), key: self.key.clone() })
            }
            Err(_) => Err(no_key()),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    fs::read(path).map_err(|source| CertificateError::Unreadable { path: path.to_owned(), source })
}

fn times(validity: &Validity) -> (SystemTime, SystemTime) {
    let time = |seconds: i64| UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    (time(validity.not_before.timestamp()), time(validity.not_after.timestamp()))
}

impl Certificate {
    pub(crate) fn has_run_out(&self, now: SystemTime) -> bool {
        now >= self.until
    }

    /// Whole days until it has run out.
    pub(crate) fn days_left(&self, now: SystemTime) -> u64 {
        self.until.duration_since(now).unwrap_or_default().as_secs() / DAY_SECONDS
    }

    /// Whether less than a third of its life is left: then there is time for many attempts, however short the life.
    pub(crate) fn is_due(&self, now: SystemTime) -> bool {
        let life = self.until.duration_since(self.from).unwrap_or_default();
        self.until.duration_since(now).unwrap_or_default() < life / 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(DAY_SECONDS);

    #[test]
    fn it_is_due_in_the_last_third_of_its_life_and_out_at_its_end() {
        let certificate =
            |days: u32| Certificate { chain: Vec::new(), from: UNIX_EPOCH, until: UNIX_EPOCH + DAY * days };
        let in_ten_days = certificate(90).days_left(UNIX_EPOCH + DAY * 80);
        assert_eq!((in_ten_days, certificate(6).days_left(UNIX_EPOCH + DAY * 7)), (10, 0));
        for (life, day, is_due, is_out) in [
            (90, 0, false, false),
            (90, 60, false, false),
            (90, 61, true, false),
            (6, 5, true, false),
            (6, 6, true, true),
        ] {
            let (certificate, now) = (certificate(life), UNIX_EPOCH + DAY * day);
            assert_eq!((certificate.is_due(now), certificate.has_run_out(now)), (is_due, is_out), "{life} {day}");
        }
    }

    fn pair(folder: &Path, name: &str) -> CertificateFiles {
        let made = rcgen::generate_simple_self_signed(vec!["chat.example.org".to_owned()]).unwrap();
        let files =
            CertificateFiles { certs: folder.join(format!("{name}.pem")), key: folder.join(format!("{name}.key")) };
        fs::write(&files.certs, made.cert.pem()).unwrap();
        fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
        files
    }

    #[test]
    fn a_pair_is_read_and_another_one_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (pair(folder.path(), "one"), pair(folder.path(), "other"));
        assert_eq!(one.read().unwrap(), one.read().unwrap());
        assert_ne!(one.read().unwrap(), other.read().unwrap());
        let both = folder.path().join("both.pem");
        fs::write(&both, [fs::read(&one.key).unwrap(), fs::read(&one.certs).unwrap()].concat()).unwrap();
        let in_one_file = CertificateFiles { certs: both.clone(), key: both };
        assert_eq!(in_one_file.read().unwrap(), one.read().unwrap());
    }

    #[test]
    fn what_is_no_pair_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (pair(folder.path(), "one"), pair(folder.path(), "other"));
        let read = |certs: &Path, key: &Path| CertificateFiles { certs: certs.to_owned(), key: key.to_owned() }.read();
        let nothing = folder.path().join("nothing");
        assert!(matches!(read(&nothing, &one.key), Err(CertificateError::Unreadable { path, .. }) if path == nothing));
        assert!(
            matches!(read(&one.certs, &nothing), Err(CertificateError::Unreadable { path, .. }) if path == nothing)
        );
        assert!(matches!(read(&one.key, &one.key), Err(CertificateError::NoCertificate(_))));
        assert!(matches!(read(&one.certs, &one.certs), Err(CertificateError::NoKey(_))));
        assert!(matches!(read(&one.certs, &other.key), Err(CertificateError::Foreign { .. })));
        let broken = folder.path().join("broken.pem");
        fs::write(&broken, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        assert!(matches!(read(&broken, &one.key), Err(CertificateError::NoCertificate(_))));
    }
}
