//! The type of the device that views a page, by its `User-Agent`.

/// A type of device that has its own installation guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// iPhone, iPad or iPod.
    IPhone,
    /// Phone or tablet with Android.
    Android,
    /// Computer with Windows.
    Windows,
    /// Mac, or an iPad in desktop mode, which only a script can distinguish.
    MacOs,
    /// Linux, a TV, or an unknown device.
    Other,
}

impl Device {
    /// Detects the type of device by a `User-Agent`.
    #[must_use]
    pub fn of(user_agent: &str) -> Self {
        let has = |word: &str| user_agent.contains(word);
        // Only iPads have both words.
        let is_ipad = has("Macintosh") && has("Mobile/");
        match () {
            () if has("iPhone") || has("iPad") || has("iPod") || is_ipad => Self::IPhone,
            () if has("Android") => Self::Android,
            () if has("Windows") => Self::Windows,
            () if has("Macintosh") => Self::MacOs,
            () => Self::Other,
        }
    }

    /// Returns the identifier that the page's script uses.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::IPhone => "iphone",
            Self::Android => "android",
            Self::Windows => "windows",
            Self::MacOs => "mac",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `User-Agent` values of browsers, by device.
    const USER_AGENTS: [(Device, &[&str]); 5] = [
        (
            Device::IPhone,
            &[
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1",
                "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
            ],
        ),
        (
            Device::Android,
            &[
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Mobile Safari/537.36",
                "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
                "Mozilla/5.0 (Android 14; Mobile; rv:139.0) Gecko/139.0 Firefox/139.0",
            ],
        ),
        (
            Device::Windows,
            &[
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36 Edg/137.0.0.0",
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:139.0) Gecko/20100101 Firefox/139.0",
            ],
        ),
        (
            Device::MacOs,
            &[
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
            ],
        ),
        (
            Device::Other,
            &[
                "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0",
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36",
                "curl/8.14.1",
                "",
            ],
        ),
    ];

    #[test]
    fn devices_are_detected_by_their_user_agent() {
        for (device, agents) in USER_AGENTS {
            for agent in agents {
                assert_eq!(Device::of(agent), device, "{agent}");
            }
        }
    }
}
