//! The device in front of the page, after what its browser says of itself.

/// A kind of device, as far as the steps differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// An iPhone, iPad or iPod.
    IPhone,
    /// A phone or tablet with Android.
    Android,
    /// A computer with Windows.
    Windows,
    /// A Mac; or an iPad that asks for the pages of one, which only a script can tell.
    MacOs,
    /// Linux, a TV, or what says nothing.
    Other,
}

impl Device {
    /// The kind of device by the `User-Agent` of its browser.
    #[must_use]
    pub fn of(user_agent: &str) -> Self {
        let has = |word: &str| user_agent.contains(word);
        // Only iPads say both.
        let is_ipad = has("Macintosh") && has("Mobile/");
        match () {
            () if has("iPhone") || has("iPad") || has("iPod") || is_ipad => Self::IPhone,
            () if has("Android") => Self::Android,
            () if has("Windows") => Self::Windows,
            () if has("Macintosh") => Self::MacOs,
            () => Self::Other,
        }
    }

    /// The word the page's script knows it by.
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

    const WEBKIT: &str = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
    const CHROME: &str = "AppleWebKit/537.36 (KHTML, like Gecko)";

    #[test]
    fn browsers_are_known_by_what_they_say() {
        for (system, engine, rest, device) in [
            (
                "iPhone; CPU iPhone OS 18_5 like Mac OS X",
                WEBKIT,
                "Version/18.5 Mobile/15E148 Safari/604.1",
                Device::IPhone,
            ),
            (
                "iPhone; CPU iPhone OS 17_5 like Mac OS X",
                WEBKIT,
                "CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1",
                Device::IPhone,
            ),
            (
                "iPad; CPU OS 16_6 like Mac OS X",
                WEBKIT,
                "Version/16.6 Mobile/15E148 Safari/604.1",
                Device::IPhone,
            ),
            (
                "Macintosh; Intel Mac OS X 10_15",
                WEBKIT,
                "Mobile/15E148",
                Device::IPhone,
            ),
            (
                "Linux; Android 10; K",
                CHROME,
                "Chrome/137.0.0.0 Mobile Safari/537.36",
                Device::Android,
            ),
            (
                "Linux; Android 14; SAMSUNG SM-S918B",
                CHROME,
                "SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
                Device::Android,
            ),
            (
                "Android 14; Mobile; rv:139.0",
                "Gecko/139.0",
                "Firefox/139.0",
                Device::Android,
            ),
            (
                "Windows NT 10.0; Win64; x64",
                CHROME,
                "Chrome/137.0.0.0 Safari/537.36 Edg/137.0.0.0",
                Device::Windows,
            ),
            (
                "Windows NT 10.0; Win64; x64; rv:139.0",
                "Gecko/20100101",
                "Firefox/139.0",
                Device::Windows,
            ),
            (
                "Macintosh; Intel Mac OS X 10_15_7",
                WEBKIT,
                "Version/18.5 Safari/605.1.15",
                Device::MacOs,
            ),
            (
                "X11; Linux x86_64; rv:139.0",
                "Gecko/20100101",
                "Firefox/139.0",
                Device::Other,
            ),
            (
                "X11; CrOS x86_64 14541.0.0",
                CHROME,
                "Chrome/137.0.0.0 Safari/537.36",
                Device::Other,
            ),
        ] {
            let said = format!("Mozilla/5.0 ({system}) {engine} {rest}");
            assert_eq!(Device::of(&said), device, "{said}");
        }
        assert_eq!(Device::of(""), Device::Other);
        assert_eq!(Device::of("curl/8.14.1"), Device::Other);
    }
}
