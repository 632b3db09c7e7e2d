//! Refuses unsafe requests that come from another site.
