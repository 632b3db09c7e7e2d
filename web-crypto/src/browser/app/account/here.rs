//! The app's end of the boundary: does what a request asks for.

use super::{
    AccountError,
    account_program::{AccountProgram, Answer, Request, encode_answer},
    enter_account, make_account, own_device,
};
use crate::browser::platform::service::AccountPlatform;

/// The app in the app's own program.
#[derive(Debug)]
pub struct Here<'a, P>(pub &'a P);

impl<P: AccountPlatform> AccountProgram for Here<'_, P> {
    async fn ready(&self) -> Result<(), AccountError> {
        Ok(())
    }

    async fn run(&self, request: Request) -> Result<Answer, AccountError> {
        match request {
            Request::HasPendingDevice(email) => {
                Ok(Answer::HasPendingDevice(own_device::is_pending(self.0, &email).await))
            }
            Request::MakeAccount(make) => make_account::make_account(self.0, make).await.map(|()| Answer::Done),
            Request::EnterAccount(enter) => enter_account::enter_account(self.0, enter).await.map(|()| Answer::Done),
        }
    }
}

/// Does what the bytes ask for, and returns the bytes of the answer.
pub async fn answer(platform: &impl AccountPlatform, request: &[u8]) -> Vec<u8> {
    let answer = match serde_json::from_slice(request) {
        Ok(request) => Here(platform).run(request).await,
        Err(_) => Err(AccountError::OtherRelease),
    };
    encode_answer(&answer)
}
