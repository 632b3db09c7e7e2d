//! The messenger as state in, state out. Used by the browser and by tests.
