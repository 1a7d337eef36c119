//! Paths at which a GET has side effects.
//!
//! GET is safe (RFC 9110, section 9.2.1), but some hubs take commands by GET. At these paths a GET
//! counts as a write, so that neither an image nor a link on another site's page sends a command.

use crate::access::path;

/// | path | hub |
/// |---|---|
/// | `/basicui/CMD` | openHAB 2 and later, Basic UI: `?ITEM=COMMAND` |
/// | `/classicui/CMD` | openHAB 2, Classic UI |
/// | `/CMD` | openHAB 1 |
const ACTING: [&str; 3] = ["/basicui/CMD", "/classicui/CMD", "/CMD"];

/// Reports whether a GET has side effects at this path in some hub, by any interpretation of the
/// path.
///
/// `raw_path` is the path as the client sent it, without the query.
#[must_use]
pub fn has_side_effects(raw_path: &[u8]) -> bool {
    !matches!(path::find_rule(raw_path, &ACTING), Ok(None))
}

#[cfg(test)]
mod tests {
    use super::has_side_effects;

    #[test]
    fn every_spelling_of_a_command_path_acts() {
        for path in [
            "/basicui/CMD",
            "/basicui/CMD/",
            "/basicui/CMD;x=y",
            "/basicui;x/CMD",
            "/basicui%2fCMD",
            "/basicui/%43MD",
            "/basicui/%2543MD",
            "//basicui//CMD",
            "/classicui/CMD",
            "/CMD",
        ] {
            assert!(has_side_effects(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn pages_and_items_do_not_act() {
        for path in [
            "/",
            "/basicui/app",
            "/basicui/CMDS",
            "/basicui/cmd",
            "/rest/items/CMD",
            "/page/home%2Fkitchen",
            "/static/a;v=1/b",
        ] {
            assert!(!has_side_effects(path.as_bytes()), "{path}");
        }
    }
}
