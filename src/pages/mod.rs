//! Texts of local responses, in English or German, as a page or as problem details (RFC 9457).

mod certificate;
pub mod notice;
pub mod reader;
mod words;
