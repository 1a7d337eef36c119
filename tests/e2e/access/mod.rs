//! Who may pass: a module per rule, each named after what others got wrong.

pub mod long_exchanges;
pub mod long_exchanges_by_time;
pub mod rule_01_one_decision;
pub mod rule_02_one_name;
pub mod rule_03_who_is_asked;
pub mod rule_04_answer_is_http;
pub mod rule_05_resumption;
pub mod rule_06_revocation;
pub mod rule_07_fail_closed;
pub mod rule_08_certificates;
pub mod rule_09_identity_headers;
pub mod rule_09_path_headers;
pub mod rule_09_told_headers;
pub mod rule_11_ambient_authority;
pub mod rule_11_origins;
pub mod rule_12_passwords;
pub mod rule_13_networks;
pub mod rule_15_secrets;
pub mod rule_16_own_pages;
pub mod three_ways;
