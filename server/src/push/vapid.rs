//! How push services know this server: a key of its own, and a token that is good for one service and some hours
//! (VAPID, RFC 8292).

use crate::database::Error;
use base64ct::{Base64UrlUnpadded, Encoding as _};
use cliquet_wire::{bytes::Bytes, push::PushKey};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::json;

/// Its name among the server's secrets. Without it every browser has to subscribe again.
const NAME: &str = "vapid";
/// RFC 8292 section 2: at most a day.
const TOKEN_SECONDS: u64 = 12 * 3600;

/// The server's key, and whom a push service may ask about it.
#[derive(Debug)]
pub(super) struct VapidKey {
    pair: EcdsaKeyPair,
    public: PushKey,
    contact: String,
}

/// The library made a key that it does not read, or signs nothing.
#[derive(Debug, thiserror::Error)]
#[error("the key for push services: {0}")]
pub(super) struct BadKey(String);

impl VapidKey {
    /// Reads the key, or makes it at the first start. `contact`: an `https:` or `mailto:` address.
    pub(super) fn load(connection: &Connection, contact: String) -> Result<Self, Error> {
        let bad = |why: &dyn std::fmt::Display| Error::unreadable(BadKey(why.to_string()));
        let stored: Option<Vec<u8>> = connection
            .query_row("SELECT value FROM server_secrets WHERE name = ?1", [NAME], |row| row.get(0))
            .optional()?;
        let pkcs8 = match stored {
            Some(stored) => stored,
            None => {
                let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
                let made = made.map_err(|why| bad(&why))?.as_ref().to_vec();
                connection.execute("INSERT INTO server_secrets (name, value) VALUES (?1, ?2)", params![NAME, made])?;
                made
            }
        };
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &SystemRandom::new());
        let pair = pair.map_err(|why| bad(&why))?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| bad(&"not a point of P-256"))?;
        Ok(Self { pair, public: Bytes(public), contact })
    }

    pub(super) fn public(&self) -> PushKey {
        self.public
    }

    /// The value of `Authorization` for a push service (RFC 8292 section 3).
    pub(super) fn authorization(&self, origin: &str, now_ms: u64) -> Result<String, BadKey> {
        let head = json!({ "typ": "JWT", "alg": "ES256" });
        let claims = json!({ "aud": origin, "exp": now_ms / 1_000 + TOKEN_SECONDS, "sub": self.contact });
        let signed = [head, claims].map(|part| Base64UrlUnpadded::encode_string(part.to_string().as_bytes())).join(".");
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = signature.map_err(|why| BadKey(why.to_string()))?;
        let signature = Base64UrlUnpadded::encode_string(signature.as_ref());
        Ok(format!("vapid t={signed}.{signature}, k={}", Base64UrlUnpadded::encode_string(&self.public.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Database;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use serde_json::Value;

    #[test]
    fn a_token_names_one_service_ends_and_is_signed_by_the_key_that_stays() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        let load = || VapidKey::load(&database.connection().unwrap(), "https://chat.example.org".to_owned()).unwrap();
        let key = load();
        assert_eq!(load().public(), key.public());
        let header = key.authorization("https://push.example.org", 1_790_000_000_000).unwrap();
        let (token, public) = header.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        let public = Base64UrlUnpadded::decode_vec(public).unwrap();
        assert_eq!(public, key.public().0);
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = Base64UrlUnpadded::decode_vec(signature).unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public).verify(signed.as_bytes(), &signature).unwrap();
        let parts = signed.split('.').map(|part| Base64UrlUnpadded::decode_vec(part).unwrap());
        let parts: Vec<Value> = parts.map(|part| serde_json::from_slice(&part).unwrap()).collect();
        assert_eq!(parts[0], json!({ "typ": "JWT", "alg": "ES256" }));
        let exp = 1_790_000_000 + 12 * 3600;
        let claims = json!({ "aud": "https://push.example.org", "exp": exp, "sub": "https://chat.example.org" });
        assert_eq!(parts[1], claims);
    }
}
