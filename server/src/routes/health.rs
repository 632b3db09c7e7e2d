//! Is the server well?.
