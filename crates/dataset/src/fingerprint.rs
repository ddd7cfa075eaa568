//! What identifies the data of a fit.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The text of a file and the shape of the table in it: two files with the same fingerprint give
/// the same table. The text is what comes out of a compressed file, and of several files that of
/// one behind the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// SHA-256 of the bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// Number of bytes.
    pub bytes: u64,
    /// Rows, without the header.
    pub rows: usize,
    /// Columns in the header.
    pub columns: usize,
}

/// SHA-256 of bytes that arrive piece by piece.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checksum {
    state: Sha256,
}

impl Checksum {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
    }

    /// The checksum of what has arrived so far, in lower-case hexadecimal.
    pub(crate) fn hex(&self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digits = self.state.clone().finalize();
        let digit = |four: u8| char::from(DIGITS[usize::from(four)]);
        digits
            .iter()
            .flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)])
            .collect()
    }
}

/// SHA-256 of `bytes`, in lower-case hexadecimal.
///
/// # Examples
/// ```
/// let checksum = dataset::fingerprint::sha256(b"abc");
/// assert_eq!(checksum, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
/// ```
pub fn sha256(bytes: &[u8]) -> String {
    let mut checksum = Checksum::default();
    checksum.update(bytes);
    checksum.hex()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_and_the_whole_have_the_same_checksum() {
        let mut checksum = Checksum::default();
        checksum.update(b"a");
        checksum.update(b"bc");
        assert_eq!(checksum.hex(), sha256(b"abc"));
    }
}
