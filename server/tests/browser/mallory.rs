//! Owns an attacker who has the server on her side, and keys of her own under somebody else's address.

use cliquet_web_crypto::{
    client::{
        content::{Body, Content, OwnList},
        conversation::{Event, MessageId},
    },
    crypto::{
        CheckedBundle, CheckedDirectory, OwnIdentity, PreKeySecrets, Session, Sessions,
        identity::sign_device_list,
        rsa::native::{NativeSigner, NativeVerifier},
    },
};
use cliquet_wire::{
    address::Address,
    certificate::DeviceDirectory,
    contacts::Bundles,
    envelope::Envelope,
    ids::{DeviceId, EnvelopeId},
    pre_keys::PreKeyBundle,
};
use getrandom::SysRng;
use rand_core::{Rng as _, UnwrapErr};
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Debug)]
pub(crate) struct Mallory {
    own: OwnIdentity,
    /// What she has the server show for the address.
    pub(crate) directory: DeviceDirectory,
    bundle: PreKeyBundle,
}

fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

pub(crate) fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

impl Mallory {
    /// With one device, and with everything signed as an account has it.
    pub(crate) async fn under_the_address(email: &str) -> Self {
        let pkcs8 = include_bytes!("../../../web-crypto/tests/keys/mallory.der");
        let signer = NativeSigner::from_pkcs8(pkcs8, rng()).unwrap();
        let (email, account_key) = (Address::parse(email).unwrap(), signer.account_key().clone());
        let own =
            OwnIdentity::create(email.clone(), account_key.clone(), now_ms(), 1, &signer, &mut rng()).await.unwrap();
        let pre_keys = PreKeySecrets::generate(now_ms() / 1000, &mut rng());
        let upload = pre_keys.upload_all(&own, &signer).await.unwrap();
        let device_list =
            sign_device_list(email.clone(), &account_key, 1, vec![own.device()], now_ms(), &signer).await.unwrap();
        let certificates = vec![own.certificate().clone()];
        let bundle = PreKeyBundle {
            certificate: own.certificate().clone(),
            signed: upload.signed.unwrap(),
            kem: upload.kem.unwrap(),
            one_time: None,
        };
        Self { own, directory: DeviceDirectory { email, account_key, device_list, certificates }, bundle }
    }

    pub(crate) fn device(&self) -> DeviceId {
        self.own.device()
    }

    pub(crate) fn bundles(&self) -> Bundles {
        Bundles { bundles: vec![self.bundle.clone()] }
    }

    /// A text for the device of this bundle, in a session that the envelope begins.
    pub(crate) async fn writes(&self, to: DeviceDirectory, bundles: Bundles, text: &str) -> Envelope {
        let to = CheckedDirectory::check(to, None, 0, &NativeVerifier).await.unwrap();
        let bundle = bundles.bundles.into_iter().next().unwrap();
        let bundle = CheckedBundle::check(bundle, &to, &NativeVerifier).await.unwrap();
        let sessions = Sessions::default().begin(Session::initiate(&self.own, &bundle, &mut rng()).unwrap());
        let mut random = [0; 10];
        rng().fill_bytes(&mut random);
        let id = MessageId::from_parts(now_ms(), random);
        let content = Content {
            sender: self.own.email().clone(),
            device: self.device(),
            time: now_ms(),
            list: OwnList::of(&self.directory.device_list),
            group: None,
            body: Body::Event {
                id,
                event: Event::Text { text: text.into(), quote: None, seconds: None, attachment: None },
            },
        };
        let content = content.encode().unwrap();
        let (_, envelope) = sessions.encrypt(EnvelopeId::from_parts(now_ms(), random), &content, &mut rng()).unwrap();
        Envelope { timestamp: now_ms(), ..envelope }
    }
}
