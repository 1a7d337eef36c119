//! Settings of a hub beside its address: edits of the request, and trust in its certificate.

mod failures;
mod health;
mod pin;
mod redirects;
mod request_edits;
mod response_time;
mod user_header;
