//! What is configured of a hub beside its address: what it gets of a request, and how it is trusted.

mod failures;
mod pin;
mod redirects;
mod request_edits;
mod response_time;
mod user_header;
