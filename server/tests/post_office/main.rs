//! The post office from outside: what it takes, hands out and refuses, and how it closes.

mod headers;
mod messages;
mod office;
mod origin;
mod poll;
mod shutdown;
