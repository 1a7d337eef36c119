//! DER encoding of certificates that no library makes.

/// The elements one after the other, each with tag and length.
pub(super) fn elements(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut elements = Vec::new();
    while !bytes.is_empty() {
        let (header, length) = match bytes[1] {
            0x81 => (3, usize::from(bytes[2])),
            0x82 => (4, usize::from(u16::from_be_bytes([bytes[2], bytes[3]]))),
            short => (2, usize::from(short)),
        };
        let (element, rest) = bytes.split_at(header + length);
        elements.push(element);
        bytes = rest;
    }
    elements
}

/// The content of an element.
pub(super) fn content(element: &[u8]) -> &[u8] {
    let header = match element[1] {
        0x81 => 3,
        0x82 => 4,
        _ => 2,
    };
    &element[header..]
}

/// An element of this tag.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let header = match content.len() {
        ..0x80 => vec![tag, length[1]],
        0x80..0x100 => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [header.as_slice(), content].concat()
}
