//! The skeleton of a conversation.
