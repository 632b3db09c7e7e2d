//! Signing up and in from this computer.

use crate::{
    account_words::say,
    client::SESSION,
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
use url::Url;
use zeroize::Zeroizing;

/// What a person says to get in.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Where the server is, as in a browser's address bar.
    pub server: Url,
    /// The account's address.
    pub email: Address,
    /// The account's password.
    pub password: Zeroizing<String>,
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
    /// The password cannot be one.
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
    let (machine, password) = prepare(folder, &credentials)?;
    let typed = SignIn {
        email: credentials.email.clone(),
        password,
        may_replace: false,
        may_restore: false,
        unlocking: Unlocking::NotAsked,
        device_name: credentials.device_name,
    };
    sign_in(&machine, typed, &silent).await?;
    machine.keep_session(&credentials.email).await
}

/// Makes an account, with this computer as its first device. `invite`: the token, or the whole link.
///
/// # Errors
/// As [`enter`].
pub async fn make(folder: &Path, credentials: Credentials, invite: Option<&str>) -> Result<(), EnterError> {
    let (machine, password) = prepare(folder, &credentials)?;
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
    machine.keep_session(&credentials.email).await
}

fn silent(_: Progress) {}

fn prepare(folder: &Path, credentials: &Credentials) -> Result<(Machine, Password), EnterError> {
    let normalized: Zeroizing<String> = Zeroizing::new(credentials.password.nfc().collect());
    let password = Password::given(&normalized)?;
    let database = Rc::new(Database::open(folder)?);
    let account = Account { server: credentials.server.clone(), email: credentials.email.clone() };
    match database.account()? {
        Some(kept) if kept.email != account.email => return Err(EnterError::OtherAccount(kept.email)),
        _ => database.set_account(&account)?,
    }
    let server = Server::at(&account.server, None).map_err(AccountError::from)?;
    Ok((Machine { database, server }, password))
}

/// This computer's services for making and entering an account.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) database: Rc<Database>,
    pub(crate) server: Server,
}

impl Machine {
    async fn keep_session(&self, email: &Address) -> Result<(), EnterError> {
        let token = self.server.token().ok_or(AccountError::Server(HttpError::Unreadable))?;
        let store = open_kept(self, email, &Unlocking::NotAsked).await?;
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
