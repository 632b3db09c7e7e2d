//! The SQLite pool and its migrations.
