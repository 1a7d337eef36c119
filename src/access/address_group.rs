//! Addresses that one client has as easily as one of them.
//!
//! An IPv4 address stands for itself. Of IPv6, a household has a /64, often a /56, and anybody
//! gets a /48 for the asking: what is shared fairly between clients is shared between these.

use std::net::{IpAddr, Ipv6Addr};

/// Bits of the prefixes by which IPv6 addresses are grouped, the widest group first.
pub const WIDTHS: [u32; 3] = [48, 56, 64];

/// An IPv4 address, unwrapped where it is mapped, or so many bits of an IPv6 address.
#[must_use]
pub fn prefix(address: IpAddr, bits: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let rest = Ipv6Addr::BITS.saturating_sub(bits);
            let kept = address.to_bits().checked_shr(rest).unwrap_or(0);
            Ipv6Addr::from_bits(kept.checked_shl(rest).unwrap_or(0)).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_is_grouped_by_prefix_and_ipv4_by_address() {
        let of = |address: &str, bits| prefix(address.parse().unwrap(), bits).to_string();
        for (address, bits, group) in [
            ("2001:db8:1:2ff::9", 48, "2001:db8:1::"),
            ("2001:db8:1:2ff::9", 56, "2001:db8:1:200::"),
            ("2001:db8:1:2ff::9", 64, "2001:db8:1:2ff::"),
            ("192.0.2.9", 48, "192.0.2.9"),
            ("::ffff:192.0.2.9", 64, "192.0.2.9"),
        ] {
            assert_eq!(of(address, bits), group, "{address}/{bits}");
        }
    }
}
