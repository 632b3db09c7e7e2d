//! Who added whom, and who blocked whom.
