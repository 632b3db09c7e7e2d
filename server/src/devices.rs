//! Devices, certificates and device lists.
