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
    text_bytes: usize,
    state: RandomState,
}

impl Dictionary {
    /// An empty one for texts that `known` does not have; the two share their hashes.
    pub(crate) fn beside(known: Option<&Self>) -> Self {
        let state = known.map(|known| known.state.clone()).unwrap_or_default();
        Self {
            state,
            ..Self::default()
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.levels.len()
    }

    /// Bytes that it takes, about.
    pub(crate) fn bytes(&self) -> usize {
        // A text with its place, and its code in a table that is half full.
        self.text_bytes + self.levels.len() * (size_of::<String>() + 16 + 3 * size_of::<u32>())
    }

    /// The code of a cell of valid UTF-8 among the texts of `known` and, behind them, those of this
    /// one, which was made [`beside`](Self::beside) it; and whether it is new to both.
    pub(crate) fn cell(&mut self, known: Option<&Self>, cell: &[u8]) -> (u32, bool) {
        let hash = self.state.hash_one(cell);
        if let Some(code) = known.and_then(|known| known.find(hash, cell)) {
            return (code, false);
        }
        let before = known.map_or(0, Self::len) as u32;
        if let Some(code) = self.find(hash, cell) {
            return (before + code, false);
        }
        let text = String::from_utf8_lossy(cell).into_owned();
        (before + self.insert(hash, text), true)
    }

    /// The code of `text`, new or known. (4,294,967,295 distinct texts do not fit in memory.)
    pub(crate) fn code(&mut self, text: &str) -> u32 {
        let hash = self.state.hash_one(text.as_bytes());
        match self.find(hash, text.as_bytes()) {
            Some(code) => code,
            None => self.insert(hash, text.to_owned()),
        }
    }

    /// The code of a text that is given away.
    pub(crate) fn take(&mut self, text: String) -> u32 {
        let hash = self.state.hash_one(text.as_bytes());
        match self.find(hash, text.as_bytes()) {
            Some(code) => code,
            None => self.insert(hash, text),
        }
    }

    pub(crate) fn into_levels(self) -> Vec<String> {
        self.levels
    }

    fn find(&self, hash: u64, text: &[u8]) -> Option<u32> {
        let same = |&code: &u32| self.levels[code as usize].as_bytes() == text;
        self.codes.find(hash, same).copied()
    }

    fn insert(&mut self, hash: u64, text: String) -> u32 {
        self.text_bytes += text.len();
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
        let mut beside = Dictionary::beside(Some(&dictionary));
        let cells = [&b"a"[..], b"c", b"d", b"c"].map(|cell| beside.cell(Some(&dictionary), cell));
        assert_eq!(cells, [(1, false), (3, true), (4, true), (3, false)]);
        assert_eq!(beside.into_levels(), ["c", "d"]);
        assert_eq!(dictionary.code("c"), 3);
        assert_eq!(dictionary.take("c".to_owned()), 3);
        for code in 4..5000 {
            assert_eq!(dictionary.take(format!("level {code}")), code);
        }
        assert_eq!(dictionary.code("level 77"), 77);
        assert_eq!(dictionary.into_levels()[..4], ["b", "a", "", "c"]);
    }
}
