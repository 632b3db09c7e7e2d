//! A conversation: its id, its messages, their order, and what later events make of them. Knows nothing of ratchets.

mod amendments;
#[expect(clippy::module_inception, reason = "a file for the noun, as every other one has")]
mod conversation;
mod delivery_status;
mod event;
mod id;
mod message;
mod outgoing;
mod preview;
mod reading;
mod received_by;

pub use amendments::{AMEND_MS_MAX, Amendments, EDITS_KEPT_MAX, Reaction, Stamp, WAITING_AMENDMENTS_MAX, may_amend};
pub use conversation::{Conversation, PINNED_MAX, Pinned};
pub use delivery_status::{DeliveryStatus, Failure};
pub use event::{Event, MessageRef};
pub use id::{ConversationId, ConversationIdError, GROUP_ID_BYTES, GroupId, MessageId};
pub(crate) use message::message_key;
pub use message::{Lifetime, Message, MessageBody, Notice, conversation_range};
pub(crate) use outgoing::again_key;
pub use outgoing::{OutgoingEvent, SentEnvelope, Waiting};
pub use preview::{FilePreview, PREVIEW_CHARS_MAX, Preview};
pub use reading::UNREAD_LINES_MAX;
pub(crate) use reading::UnreadLine;
pub use received_by::{OwedReceipt, ReceivedBy, Receiver};
