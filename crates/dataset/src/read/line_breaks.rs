//! How lines are counted.

/// The line breaks (`\n`, `\r\n` or `\r`) in bytes that do not start between `\r` and `\n`.
pub(super) fn count(bytes: &[u8]) -> u64 {
    let feeds = memchr::memchr_iter(b'\n', bytes).count();
    let lone = |&position: &usize| bytes.get(position + 1) != Some(&b'\n');
    let returns = memchr::memchr_iter(b'\r', bytes).filter(lone).count();
    (feeds + returns) as u64
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn a_pair_ends_one_line() {
        for (bytes, breaks) in [
            (&b""[..], 0),
            (b"a\nb\n", 2),
            (b"a\r\nb\r\n", 2),
            (b"a\rb\r", 2),
            (b"\n\r\n\r\r\n", 4),
        ] {
            assert_eq!(count(bytes), breaks, "{bytes:?}");
        }
    }
}
