//! The structure of the pages' texts in each language; `html::template` fills in the facts.

/// The texts of one language.
pub(super) struct Texts {
    pub(super) title: &'static str,
    pub(super) code: Code,
    pub(super) password: Password,
    pub(super) trial: Trial,
    pub(super) status: Status,
    pub(super) over: Over,
    /// Heading of the steps for other devices.
    pub(super) another: &'static str,
    pub(super) app: Guide,
    pub(super) safari: Guide,
    /// Last step in Safari if the profile includes the server's certificate.
    pub(super) trust: &'static str,
    pub(super) android: Guide,
    pub(super) windows: Guide,
    pub(super) mac_os: Guide,
    pub(super) firefox: Guide,
}

/// The code form.
pub(super) struct Code {
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) one_try: &'static str,
    pub(super) tries: &'static str,
    pub(super) wrong: &'static str,
    pub(super) go: &'static str,
}

/// The password of the files.
pub(super) struct Password {
    pub(super) label: &'static str,
    pub(super) copy: &'static str,
    pub(super) copied: &'static str,
    pub(super) selected: &'static str,
}

/// The test of an installed certificate.
pub(super) struct Trial {
    pub(super) title: &'static str,
    pub(super) at_home: &'static str,
    pub(super) button: &'static str,
    pub(super) asked: &'static str,
}

/// The status line that waits for the device.
pub(super) struct Status {
    pub(super) waiting: &'static str,
    pub(super) seen: &'static str,
    pub(super) late: &'static str,
    pub(super) again: &'static str,
    pub(super) open: &'static str,
}

/// The notices of failed enrolments: title and remedy.
pub(super) struct Over {
    pub(super) unknown: [&'static str; 2],
    pub(super) tries: [&'static str; 2],
    pub(super) asked_here: [&'static str; 2],
    pub(super) not_issued: [&'static str; 2],
}

/// The installation steps of one program.
pub(super) struct Guide {
    /// Heading on the device itself.
    pub(super) title: &'static str,
    /// Heading in the list for other devices.
    pub(super) summary: &'static str,
    pub(super) button: &'static str,
    pub(super) steps: &'static [&'static str],
}
