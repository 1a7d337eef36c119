//! The kind of device behind a request, by its `User-Agent`.

/// A kind of device with its own installation steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// An iPhone, iPad or iPod.
    IPhone,
    /// A phone or tablet with Android.
    Android,
    /// A computer with Windows.
    Windows,
    /// A Mac, or an iPad that requests desktop pages, which only the page's script recognises.
    MacOs,
    /// Any other device.
    Other,
}

impl Platform {
    /// Recognises the kind of device by the `User-Agent` of its browser.
    #[must_use]
    pub fn detect(user_agent: &str) -> Self {
        let has = |word: &str| user_agent.contains(word);
        // Only an iPad sends both words.
        let is_ipad = has("Macintosh") && has("Mobile/");
        match () {
            () if has("iPhone") || has("iPad") || has("iPod") || is_ipad => Self::IPhone,
            () if has("Android") => Self::Android,
            () if has("Windows") => Self::Windows,
            () if has("Macintosh") => Self::MacOs,
            () => Self::Other,
        }
    }

    /// Returns the word for the page's script.
    pub(super) const fn word(self) -> &'static str {
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

    /// `User-Agent` fields of browsers, by device.
    const SENT: [(Platform, &[&str]); 5] = [
        (
            Platform::IPhone,
            &[
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1",
                "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
            ],
        ),
        (
            Platform::Android,
            &[
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Mobile Safari/537.36",
                "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
                "Mozilla/5.0 (Android 14; Mobile; rv:139.0) Gecko/139.0 Firefox/139.0",
            ],
        ),
        (
            Platform::Windows,
            &[
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36 Edg/137.0.0.0",
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:139.0) Gecko/20100101 Firefox/139.0",
            ],
        ),
        (
            Platform::MacOs,
            &[
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
            ],
        ),
        (
            Platform::Other,
            &[
                "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0",
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36",
                "curl/8.14.1",
                "",
            ],
        ),
    ];

    #[test]
    fn a_device_is_recognised_by_its_user_agent() {
        for (device, agents) in SENT {
            for agent in agents {
                assert_eq!(Platform::detect(agent), device, "{agent}");
            }
        }
    }
}
