//! The cryptography's requirements (docs/protocol.md), each a test named for its claim. Everything runs from seeds.

#[cfg(test)]
mod at_rest;
#[cfg(test)]
mod both_at_once;
#[cfg(test)]
mod conversation;
#[cfg(test)]
mod cross_signing;
mod example_group;
#[cfg(test)]
mod example_settings;
mod example_under_way;
mod example_vault;
#[cfg(test)]
mod flips;
#[cfg(test)]
mod golden;
mod golden_records;
#[cfg(test)]
mod history;
#[cfg(test)]
mod key_agreement;
mod more_fields;
#[cfg(test)]
mod passphrase;
#[cfg(test)]
mod people;
#[cfg(test)]
mod ratchet;
#[cfg(test)]
mod recovery_key;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod vault;
