//! Pure cryptography: values in, values out.
