//! Every way a request fails.
