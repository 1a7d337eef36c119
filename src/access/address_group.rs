//! Groups of addresses that one client controls as easily as a single address.
//!
//! An IPv4 address is a group of its own. Of IPv6, a household has a /64 and often a /56, and a /48
//! is easy to obtain. Limits for clients apply to these groups.

use std::net::{IpAddr, Ipv6Addr};

/// Lengths in bits of the IPv6 prefixes, the widest group first.
pub const WIDTHS: [u32; 3] = [48, 56, 64];

/// Returns the first `bits` of an IPv6 address, or the whole IPv4 address, also if it is
/// IPv4-mapped.
#[must_use]
pub fn client_prefix(address: IpAddr, bits: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let rest = Ipv6Addr::BITS.saturating_sub(bits);
            let prefix = address.to_bits().checked_shr(rest).unwrap_or(0);
            Ipv6Addr::from_bits(prefix.checked_shl(rest).unwrap_or(0)).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_is_grouped_by_prefix_and_ipv4_by_address() {
        let group_of =
            |address: &str, bits| client_prefix(address.parse().unwrap(), bits).to_string();
        for (address, bits, group) in [
            ("2001:db8:1:2ff::9", 48, "2001:db8:1::"),
            ("2001:db8:1:2ff::9", 56, "2001:db8:1:200::"),
            ("2001:db8:1:2ff::9", 64, "2001:db8:1:2ff::"),
            ("192.0.2.9", 48, "192.0.2.9"),
            ("::ffff:192.0.2.9", 64, "192.0.2.9"),
        ] {
            assert_eq!(group_of(address, bits), group, "{address}/{bits}");
        }
    }
}
