//! Distinct texts and their codes.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// Distinct texts and their codes, in order of first appearance.
///
/// Each text is stored once: the hash table holds codes alone and compares the texts behind them.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    codes: HashTable<u32>,
    levels: Vec<String>,
    state: RandomState,
}

impl Dictionary {
    /// The code of `text`, new or known. (4,294,967,295 distinct texts do not fit in memory.)
    pub(crate) fn code(&mut self, text: &str) -> u32 {
        self.find_or_insert(text.as_bytes(), || text.to_owned()).0
    }

    /// The code of a text that is given away, and whether it is new.
    pub(crate) fn take(&mut self, text: String) -> u32 {
        let hash = self.state.hash_one(text.as_bytes());
        match self.find(hash, text.as_bytes()) {
            Some(code) => code,
            None => self.insert(hash, text),
        }
    }

    /// The code of a cell of valid UTF-8, and whether it is new.
    pub(crate) fn cell(&mut self, cell: &[u8]) -> (u32, bool) {
        self.find_or_insert(cell, || String::from_utf8_lossy(cell).into_owned())
    }

    pub(crate) fn into_levels(self) -> Vec<String> {
        self.levels
    }

    fn find_or_insert(&mut self, text: &[u8], owned: impl FnOnce() -> String) -> (u32, bool) {
        let hash = self.state.hash_one(text);
        match self.find(hash, text) {
            Some(code) => (code, false),
            None => (self.insert(hash, owned()), true),
        }
    }

    fn find(&self, hash: u64, text: &[u8]) -> Option<u32> {
        let same = |&code: &u32| self.levels[code as usize].as_bytes() == text;
        self.codes.find(hash, same).copied()
    }

    fn insert(&mut self, hash: u64, text: String) -> u32 {
        let code = self.levels.len() as u32;
        let (levels, state) = (&self.levels, &self.state);
        self.codes.insert_unique(hash, code, |&code| {
            state.hash_one(levels[code as usize].as_bytes())
        });
        self.levels.push(text);
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_follow_the_order_of_first_appearance() {
        let mut dictionary = Dictionary::default();
        let codes = ["b", "a", "b", "", "a"].map(|text| dictionary.code(text));
        assert_eq!(codes, [0, 1, 0, 2, 1]);
        assert_eq!(dictionary.cell(b"a"), (1, false));
        assert_eq!(dictionary.cell(b"c"), (3, true));
        assert_eq!(dictionary.take("c".to_owned()), 3);
        for code in 4..5000 {
            assert_eq!(dictionary.take(format!("level {code}")), code);
        }
        assert_eq!(dictionary.code("level 77"), 77);
        assert_eq!(dictionary.into_levels()[..4], ["b", "a", "", "c"]);
    }
}
