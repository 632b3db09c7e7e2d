//! From the draft to the store: what a person sends is durable before it is shown, encrypted or sent.

use super::{drafts, engine::Engine, error::AppError, load_messages};
use crate::{
    browser::platform::service::Platform,
    client::{
        compose::{Composed, compose, send_again},
        conversation::{ConversationId, Message, MessageRef},
        records::Changes,
    },
};
use cliquet_wire::limits::MESSAGE_TEXT_BYTES_MAX;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};
use zeroize::Zeroizing;

/// Texts that were taken from drafts and are not durable yet, in the order of writing. One is stored after the other, so
/// that each gets a later place than the one before.
pub struct Register<P: Platform> {
    engine: Rc<Engine<P>>,
    waiting: RefCell<VecDeque<Waiting>>,
    storing: Cell<bool>,
}

struct Waiting {
    draft: Draft,
    stored: Box<dyn FnOnce(Result<(), NotStored>)>,
}

/// What a person wrote.
pub struct Draft {
    /// Where it is to be sent.
    pub conversation: ConversationId,
    pub text: Zeroizing<String>,
    /// The message that it replies to.
    pub quote: Option<MessageRef>,
}

/// A text that was not stored goes back to the person.
#[derive(Debug)]
pub struct NotStored {
    pub draft: Draft,
    pub why: RegisterError,
}

/// Why a text is not stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    #[error("there is nothing to send")]
    Empty,
    #[error("the text is too long")]
    TooLong,
    /// The message that is to be changed is too old for it.
    #[error("the message is too old for that")]
    TooLate,
    /// The message that is to be changed is somebody else's, or it is gone.
    #[error("this cannot be done with this message")]
    NotPossible,
    #[error(transparent)]
    App(#[from] AppError),
}

impl<P: Platform> Register<P> {
    pub fn new(engine: Rc<Engine<P>>) -> Rc<Self> {
        Rc::new(Self { engine, waiting: RefCell::default(), storing: Cell::new(false) })
    }

    /// Stores a text after all that were handed in before. Calls `stored` when it is durable, or will not be. An empty
    /// text is stored by storing nothing.
    pub fn store(self: &Rc<Self>, draft: Draft, stored: impl FnOnce(Result<(), NotStored>) + 'static) {
        self.waiting.borrow_mut().push_back(Waiting { draft, stored: Box::new(stored) });
        if self.storing.replace(true) {
            return;
        }
        let register = self.clone();
        self.engine.platform().spawn(async move {
            while let Some(Waiting { draft, stored }) = register.next() {
                let done = register.keep(&draft).await;
                stored(done.map_err(|why| NotStored { draft, why }));
            }
            register.storing.set(false);
        });
    }

    fn next(&self) -> Option<Waiting> {
        self.waiting.borrow_mut().pop_front()
    }

    async fn keep(&self, draft: &Draft) -> Result<(), RegisterError> {
        let mut beside = Changes::default();
        drafts::remove_with(&draft.conversation, &mut beside);
        match register(&self.engine, draft, beside).await {
            Ok(_) | Err(RegisterError::Empty) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Stores a text, and `beside` in the same transaction. Gives the message's key.
///
/// # Errors
/// For an empty text and one past [`MESSAGE_TEXT_BYTES_MAX`], and when the storage refuses. Nothing is stored then.
pub async fn register<P: Platform>(
    engine: &Engine<P>,
    draft: &Draft,
    beside: Changes,
) -> Result<String, RegisterError> {
    let Draft { conversation: id, text, quote } = draft;
    // Checked again inside; here so that a pasted book costs nothing.
    if text.len() > MESSAGE_TEXT_BYTES_MAX {
        return Err(RegisterError::TooLong);
    }
    let platform = engine.platform();
    let (timer, newest) = place(engine, id).await?;
    let composed = compose(engine.email(), id, text, quote.clone(), platform.now_ms(), newest, &mut platform.rng())?;
    let mut composed = composed.lasting(timer);
    composed.changes.puts.extend(beside.puts);
    composed.changes.deletes.extend(beside.deletes);
    commit(engine, &composed).await?;
    Ok(composed.message.key())
}

/// Stores a composed text. The leading tab encrypts it in the same transaction, if it can go at once.
async fn commit<P: Platform>(engine: &Engine<P>, composed: &Composed) -> Result<(), AppError> {
    let platform = engine.platform();
    if engine.leads() {
        let stored = engine.run_with(async |messenger| {
            let (now, rng) = (platform.now_ms(), &mut platform.rng());
            let step = messenger.encrypt_at_once(composed, platform.store(), now, rng).await?;
            let found = step.is_some();
            Ok((step, found))
        });
        match stored.await {
            Ok(true) => return Ok(()),
            // The storage refused: nothing was stored.
            Err(AppError::Store(error)) => return Err(error.into()),
            // It is stored all the same, and the next attempt to encrypt it meets what is wrong.
            Ok(false) | Err(_) => {}
        }
    }
    engine.commit(&composed.changes).await
}

/// Where a new message goes: how many seconds it is kept, and the sort time of the last line, that of its record or of the
/// conversation's, the later one.
pub(super) async fn place<P: Platform>(
    engine: &Engine<P>,
    id: &ConversationId,
) -> Result<(Option<u32>, u64), AppError> {
    let kept = load_messages::conversation(engine, id).await?;
    let last = load_messages::last(engine, id, 1).await?.first().map_or(0, |last| last.sort_time);
    let newest = kept.as_ref().map_or(0, |kept| kept.newest).max(last);
    Ok((kept.and_then(|kept| kept.timer.seconds), newest))
}

/// Sends a message that failed once more.
///
/// # Errors
/// When the storage does not answer.
pub async fn again<P: Platform>(engine: &Engine<P>, key: &str) -> Result<(), AppError> {
    let message: Option<Message> = load_messages::message(engine, key).await?;
    match message.as_ref().map(send_again) {
        Some(Ok(composed)) => engine.commit(&composed.changes).await,
        _ => Ok(()),
    }
}

/// A text is personal.
impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draft").field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

impl<P: Platform> std::fmt::Debug for Register<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Register").field("waiting", &self.waiting.borrow().len()).finish_non_exhaustive()
    }
}
