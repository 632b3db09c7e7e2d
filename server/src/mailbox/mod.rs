//! Mailboxes: enqueue, wait, acknowledge.
