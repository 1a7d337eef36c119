//! The options of Connection (RFC 9110, section 7.6.1), noted when a head is parsed.

/// The options of a message's Connection fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionOptions {
    /// `close`.
    pub close: bool,
    /// `keep-alive`.
    pub keep_alive: bool,
    /// `upgrade`.
    pub upgrade: bool,
    /// Any other option, which may name a field.
    pub names_fields: bool,
}

impl ConnectionOptions {
    /// Adds the options of one field.
    pub(super) fn add(&mut self, value: &[u8]) {
        for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            let is = |name: &str| option.eq_ignore_ascii_case(name.as_bytes());
            if is("close") {
                self.close = true;
            } else if is("keep-alive") {
                self.keep_alive = true;
            } else if is("upgrade") {
                self.upgrade = true;
            } else if !option.is_empty() {
                self.names_fields = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_all_fields_are_noted_in_any_case() {
        let mut options = ConnectionOptions::default();
        options.add(b"Keep-Alive,\t Upgrade ,");
        assert!(options.keep_alive && options.upgrade);
        assert!(!options.close && !options.names_fields);
        options.add(b"X-Private, CLOSE");
        assert!(options.close && options.names_fields);
    }
}
