//! One answer for people and programs: an HTML fragment or JSON, by `Accept`.
