//! Addresses in which nothing has to be looked up: letters, digits and a few marks of ASCII. They are what they look like, and known at
//! one look.

/// The longest address that is accepted, in bytes (RFC 5321, 4.5.3.1.3 less the angle brackets).
pub(super) const MAX_BYTES: usize = 254;

/// What stands before the domain has so many bytes at most (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL: usize = 64;

/// A part of a domain between dots has so many bytes at most (RFC 1035, 2.3.4).
const MAX_LABEL: usize = 63;

/// Whether a text is one address, and so plain that its comparable form differs from it by upper and lower case alone.
pub(super) fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some(at) = bytes.iter().position(|byte| *byte == b'@') else {
        return false;
    };
    let (local, domain) = (&bytes[..at], &bytes[at + 1..]);
    text.len() <= MAX_BYTES && local.len() <= MAX_LOCAL && is_local(local) && is_domain(domain)
}

/// Neither begins nor ends with a dot, and has no two of them next to each other.
fn is_local(local: &[u8]) -> bool {
    let mut before = b'.';
    let is_right = local.iter().all(|&byte| {
        let is_right = match byte {
            b'.' => before != b'.',
            b'-' | b'_' | b'+' | b'\'' => true,
            _ => byte.is_ascii_alphanumeric(),
        };
        before = byte;
        is_right
    });
    is_right && before != b'.'
}

/// Labels that begin and end with a letter or a digit, the last one of letters. Two hyphens may begin what IDNA reads in its own way.
fn is_domain(domain: &[u8]) -> bool {
    let (mut before, mut length, mut dots, mut is_of_letters) = (b'.', 0, 0, true);
    let is_right = domain.iter().all(|&byte| {
        let is_right = match byte {
            b'.' | b'-' => before.is_ascii_alphanumeric(),
            _ => byte.is_ascii_alphanumeric(),
        };
        if byte == b'.' {
            (length, is_of_letters) = (0, true);
            dots += 1;
        } else {
            length += 1;
            is_of_letters &= byte.is_ascii_alphabetic();
        }
        before = byte;
        is_right && length <= MAX_LABEL
    });
    is_right && dots > 0 && length > 0 && is_of_letters
}
