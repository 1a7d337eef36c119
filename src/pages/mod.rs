//! Local responses in words: German or English, as a page or as a problem for programs (RFC 9457).

mod certificate;
pub mod notice;
pub mod reader;
mod words;
