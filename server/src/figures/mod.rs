//! Figures for the host, as Prometheus reads them (`docs/self-hosting.md`, "Watching it").
//!
//! `families` names them, `registry` keeps them, `requests` counts what is asked, `problems` what is refused,
//! `measures` looks at the stores when somebody asks for the figures, `listener` answers them, at an address of its
//! own.
//!
//! No figure says anything of a person: a label is a method, a route as the program spells it, a class of statuses, a
//! code of `wire::problem`, or the name of a limit. What stores count, they count themselves and hand out as numbers;
//! none of them knows of this module.

pub mod families;
pub mod listener;
mod measures;
pub mod problems;
mod registry;
mod requests;
