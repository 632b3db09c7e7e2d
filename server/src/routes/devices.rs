//! Devices and sign-ins.
