//! `proxy.yaml`: what was written, and what is true. Names no other module.

pub mod model;
