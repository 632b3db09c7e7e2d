//! A conversation: its id, its messages, and their order. Knows nothing of ratchets.

mod conversation;
mod delivery_status;
mod id;
mod message;
mod preview;

pub use conversation::Conversation;
pub use delivery_status::{DeliveryStatus, Failure};
pub use id::{ConversationId, ConversationIdError, GROUP_ID_BYTES, GroupId, MessageId};
pub(crate) use message::message_key;
pub use message::{Message, MessageBody, Notice, conversation_range};
pub use preview::{PREVIEW_CHARS_MAX, Preview};
