//! Signing up and in from this computer.

use crate::{
    account_words::say,
    computer::now_ms,
    database::{Account, Database, FolderError},
    http::Server,
    random,
    signer::AccountKeys,
    store::{LockedStore, Store},
};
use cliquet_web_crypto::{
    browser::{
        app::account::{
            AccountError, Password, Progress,
            invite::of_fragment,
            kept_store::{Unlocking, open_kept},
            passphrase,
            password::PasswordError,
            sign_in::{SignIn, sign_in},
            sign_up::{SignUp, sign_up},
        },
        platform::{
            error::{HttpError, StoreError},
            service::{AccountPlatform, Clock, Crypto, Http, Kept, Storage as _, Write},
        },
    },
    crypto::{
        keys::Key,
        rsa::{SignError, WrappedAccountKey, native::NativeVerifier},
    },
};
use cliquet_wire::{account_key::AccountKey, address::Address};
use rand_core::CryptoRng;
use std::{path::Path, rc::Rc};
use unicode_normalization::UnicodeNormalization as _;
use url::{Host, Url};
use zeroize::Zeroizing;

/// The record of the sign-in's token.
const SESSION: &str = "session";

/// What a person says to get in.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Where the server is, as in a browser's address bar.
    pub server: Url,
    /// The account's address.
    pub email: Address,
    /// The account's password.
    pub password: Zeroizing<String>,
    /// What unlocks the folder, if a passphrase locks it.
    pub passphrase: Option<Zeroizing<String>>,
    /// How this computer is called among the account's devices.
    pub device_name: String,
}

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum EnterError {
    /// The folder does not open.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The folder has another account.
    #[error("this folder belongs to {0}; choose another one")]
    OtherAccount(Address),
    /// What signs in would cross the network in clear.
    #[error("the server's address must begin with https://, unless it is on this computer")]
    NotPrivate,
    /// Nobody signed in from this folder yet.
    #[error("nobody is signed in here: call `cliquet-client sign-in` first")]
    NoAccount,
    /// The password, or the passphrase, cannot be one.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The account could not be made or entered.
    #[error("{}", say(.0))]
    Account(AccountError),
}

impl From<AccountError> for EnterError {
    fn from(error: AccountError) -> Self {
        Self::Account(error)
    }
}

impl From<StoreError> for EnterError {
    fn from(error: StoreError) -> Self {
        Self::Account(error.into())
    }
}

/// Makes this computer a device of an account that there is. `folder` keeps what it knows.
///
/// # Errors
/// When the server or the password refuses, or the folder does not open. Nobody is signed in then.
pub async fn enter(folder: &Path, credentials: Credentials) -> Result<(), EnterError> {
    let (machine, password) = prepare(folder, &credentials).await?;
    let unlocking = match &credentials.passphrase {
        Some(passphrase) => Unlocking::With(Password::given(&normal(passphrase))?),
        None => Unlocking::NotAsked,
    };
    let typed = SignIn {
        email: credentials.email.clone(),
        password,
        may_replace: false,
        may_restore: false,
        unlocking: unlocking.clone(),
        device_name: credentials.device_name,
    };
    sign_in(&machine, typed, &silent).await?;
    machine.keep_session(&credentials.email, &unlocking).await
}

/// Makes an account, with this computer as its first device. `invite`: the token, or the whole link.
///
/// # Errors
/// As [`enter`].
pub async fn make(folder: &Path, credentials: Credentials, invite: Option<&str>) -> Result<(), EnterError> {
    let (machine, password) = prepare(folder, &credentials).await?;
    let token = invite.map(|invite| match invite.split_once('#') {
        Some((_, fragment)) => of_fragment(fragment).unwrap_or_default(),
        None => invite.to_owned(),
    });
    let typed = SignUp {
        email: credentials.email.clone(),
        password,
        invite: token,
        may_replace: false,
        device_name: credentials.device_name,
    };
    sign_up(&machine, typed, &silent).await?;
    machine.keep_session(&credentials.email, &Unlocking::NotAsked).await
}

/// Locks what the folder keeps with a passphrase, from now on. The account's password says that it may.
///
/// # Errors
/// When one of the two is refused, or nobody is signed in here. Nothing is changed then.
pub async fn lock(folder: &Path, password: &str, chosen: &str) -> Result<(), EnterError> {
    let passphrase = Password::chosen(&normal(chosen), &normal(chosen))?;
    let (machine, email) = Machine::of(folder)?;
    if let Kept::Open(store) = machine.open_store(&email).await?
        && let Some(token) = session(&store).await?
    {
        machine.server.set_token(token);
    }
    Ok(passphrase::set(&machine, &email, &Password::given(&normal(password))?, &passphrase, &silent).await?)
}

/// Frees what the folder keeps from its passphrase.
///
/// # Errors
/// As [`lock`].
pub async fn unlock(folder: &Path, passphrase: &str) -> Result<(), EnterError> {
    let (machine, email) = Machine::of(folder)?;
    Ok(passphrase::remove(&machine, &email, &Password::given(&normal(passphrase))?, &silent).await?)
}

/// The token of the sign-in that a folder keeps.
pub(crate) async fn session(store: &Store) -> Result<Option<String>, StoreError> {
    let token = store.value(SESSION, SESSION).await?;
    Ok(token.and_then(|token| String::from_utf8(token.to_vec()).ok()))
}

/// In Unicode's form NFC: another keyboard gives the same bytes.
pub(crate) fn normal(typed: &str) -> Zeroizing<String> {
    Zeroizing::new(typed.nfc().collect())
}

fn silent(_: Progress) {}

async fn prepare(folder: &Path, credentials: &Credentials) -> Result<(Machine, Password), EnterError> {
    let password = Password::given(&normal(&credentials.password))?;
    if !is_private(&credentials.server) {
        return Err(EnterError::NotPrivate);
    }
    let database = Rc::new(Database::open(folder)?);
    let account = Account { server: credentials.server.clone(), email: credentials.email.clone() };
    if let Some(kept) = database.account()?.filter(|kept| kept.email != account.email) {
        let is_nobodys = match Store::open(database.clone())? {
            Kept::Open(store) => session(&store).await?.is_none(),
            Kept::Locked(_) => false,
        };
        if !is_nobodys {
            return Err(EnterError::OtherAccount(kept.email));
        }
        // An earlier call was for another address, and did not get in.
        database.erase()?;
    }
    database.set_account(&account)?;
    let server = Server::at(&account.server, None).map_err(AccountError::from)?;
    Ok((Machine { database, server }, password))
}

/// Whether nobody in between reads what is sent there: the token of a sign-in is.
fn is_private(server: &Url) -> bool {
    let is_here = match server.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    server.scheme() == "https" || (server.scheme() == "http" && is_here)
}

/// This computer's services for making and entering an account.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) database: Rc<Database>,
    pub(crate) server: Server,
}

impl Machine {
    /// The one of a folder in which somebody signed in.
    fn of(folder: &Path) -> Result<(Self, Address), EnterError> {
        let database = Database::open(folder)?;
        let Account { server, email } = database.account()?.ok_or(EnterError::NoAccount)?;
        let server = Server::at(&server, None).map_err(AccountError::from)?;
        Ok((Self { database: Rc::new(database), server }, email))
    }

    async fn keep_session(&self, email: &Address, unlocking: &Unlocking) -> Result<(), EnterError> {
        let token = self.server.token().ok_or(AccountError::Server(HttpError::Unreadable))?;
        let store = open_kept(self, email, unlocking).await?;
        let write = Write { store: SESSION, key: SESSION, value: Some(token.as_bytes()) };
        Ok(store.commit(&[write]).await?)
    }
}

impl Clock for Machine {
    fn now_ms(&self) -> u64 {
        now_ms()
    }
}

impl Http for Machine {
    async fn request(&self, method: &str, path: &str, body: Option<String>) -> Result<String, HttpError> {
        self.server.exchange(method, path, body, None).await
    }
}

impl Crypto for Machine {
    type Verifier = NativeVerifier;

    fn verifier(&self) -> &NativeVerifier {
        &NativeVerifier
    }

    fn rng(&self) -> impl CryptoRng {
        random::system()
    }
}

impl AccountPlatform for Machine {
    type Store = Store;
    type Locked = LockedStore;
    type Signer = AccountKeys;

    async fn painted(&self) {}

    async fn open_store(&self, _: &Address) -> Result<Kept<Store, LockedStore>, StoreError> {
        Store::open(self.database.clone())
    }

    async fn erase_store(&self, _: &Address) -> Result<(), StoreError> {
        self.database.erase()
    }

    async fn make_account_key(&self, wrapping: &Key) -> Result<(AccountKeys, WrappedAccountKey), SignError> {
        let keys = AccountKeys::generate().ok_or(SignError)?;
        let wrapped = keys.wrap(wrapping).ok_or(SignError)?;
        Ok((keys, wrapped))
    }

    async fn unwrap_account_key(
        &self,
        wrapped: &WrappedAccountKey,
        wrapping: &Key,
        account_key: &AccountKey,
    ) -> Result<AccountKeys, SignError> {
        AccountKeys::unwrap(wrapped, wrapping, account_key).ok_or(SignError)
    }

    async fn rewrap_account_key(
        &self,
        wrapped: &WrappedAccountKey,
        old: &Key,
        new: &Key,
        account_key: &AccountKey,
    ) -> Result<WrappedAccountKey, SignError> {
        let keys = AccountKeys::unwrap(wrapped, old, account_key).ok_or(SignError)?;
        keys.wrap(new).ok_or(SignError)
    }
}
