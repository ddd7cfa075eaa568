//! Which line of its file a row came from.

/// The line on which each row starts, stored as the rows where counting by one breaks.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Lines {
    rows: usize,
    anchors: Vec<(usize, u64)>,
}

impl Lines {
    pub(crate) fn push(&mut self, line: u64) {
        let expected = self
            .anchors
            .last()
            .map(|&(row, start)| start + (self.rows - row) as u64);
        if expected != Some(line) {
            self.anchors.push((self.rows, line));
        }
        self.rows += 1;
    }

    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    pub(super) fn get(&self, row: usize) -> u64 {
        let after = self.anchors.partition_point(|&(anchor, _)| anchor <= row);
        after.checked_sub(1).map_or(0, |position| {
            let (anchor, line) = self.anchors[position];
            line + (row - anchor) as u64
        })
    }
}

impl FromIterator<u64> for Lines {
    fn from_iter<I: IntoIterator<Item = u64>>(lines: I) -> Self {
        let mut collected = Self::default();
        lines.into_iter().for_each(|line| collected.push(line));
        collected
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lines_are_kept_exactly(lines in proptest::collection::vec(1u64..20, 0..50)) {
            let kept: Lines = lines.iter().copied().collect();
            let again: Vec<u64> = (0..kept.len()).map(|row| kept.get(row)).collect();
            prop_assert_eq!(again, lines);
        }
    }
}
