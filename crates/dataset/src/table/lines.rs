//! Which file a row came from, and which line of it.

/// The file and the line on which each row starts, stored as the rows where counting by one breaks.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Lines {
    rows: usize,
    anchors: Vec<Anchor>,
}

/// From `row` on, rows stand one below the other from `line` of `file` on.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Anchor {
    row: usize,
    file: u32,
    line: u64,
}

impl Lines {
    /// So many rows, one below the other from this line of the first file on.
    #[cfg(feature = "parquet")]
    pub(crate) fn consecutive(line: u64, rows: usize) -> Self {
        let anchor = Anchor {
            row: 0,
            file: 0,
            line,
        };
        let anchors = if rows > 0 { vec![anchor] } else { Vec::new() };
        Self { rows, anchors }
    }

    /// The next row starts on this line of the first file.
    pub(crate) fn push(&mut self, line: u64) {
        self.push_in(0, line);
    }

    /// The next row starts on this line of that file.
    pub(crate) fn push_in(&mut self, file: u32, line: u64) {
        let expected = self
            .anchors
            .last()
            .map(|last| (last.file, last.line + (self.rows - last.row) as u64));
        if expected != Some((file, line)) {
            let row = self.rows;
            self.anchors.push(Anchor { row, file, line });
        }
        self.rows += 1;
    }

    /// Appends the rows of a block of that file.
    pub(crate) fn extend(&mut self, file: u32, block: &Self) {
        for (position, anchor) in block.anchors.iter().enumerate() {
            let end = block
                .anchors
                .get(position + 1)
                .map_or(block.rows, |next| next.row);
            self.push_in(file, anchor.line);
            self.rows += end - anchor.row - 1;
        }
    }

    /// Those of some rows, one below the other.
    pub(crate) fn select(&self, rows: std::ops::Range<usize>) -> Self {
        let first = self
            .anchors
            .partition_point(|anchor| anchor.row <= rows.start);
        let anchors = self.anchors.iter().skip(first.max(1) - 1);
        let anchors = anchors
            .take_while(|anchor| anchor.row < rows.end)
            .map(|anchor| {
                let row = anchor.row.max(rows.start);
                Anchor {
                    row: row - rows.start,
                    file: anchor.file,
                    line: anchor.line + (row - anchor.row) as u64,
                }
            });
        Self {
            anchors: if rows.is_empty() {
                Vec::new()
            } else {
                anchors.collect()
            },
            rows: rows.len(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// The line of a row; 0 where there is no row.
    pub(crate) fn get(&self, row: usize) -> u64 {
        self.anchor(row)
            .map_or(0, |anchor| anchor.line + (row - anchor.row) as u64)
    }

    /// The position of the file of a row.
    pub(crate) fn file(&self, row: usize) -> u32 {
        self.anchor(row).map_or(0, |anchor| anchor.file)
    }

    fn anchor(&self, row: usize) -> Option<Anchor> {
        let after = self.anchors.partition_point(|anchor| anchor.row <= row);
        after.checked_sub(1).map(|position| self.anchors[position])
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

        #[test]
        fn a_range_keeps_its_lines(
            lines in proptest::collection::vec(1u64..5, 0..40), cut in (0usize..41, 0usize..41),
        ) {
            let kept: Lines = lines.iter().copied().collect();
            let (start, end) = (cut.0.min(lines.len()), cut.1.min(lines.len()));
            let range = start.min(end)..end;
            let part = kept.select(range.clone());
            let again: Vec<u64> = (0..part.len()).map(|row| part.get(row)).collect();
            prop_assert_eq!(again, &lines[range]);
        }

        #[test]
        fn blocks_are_appended_exactly(
            blocks in proptest::collection::vec(
                (0u32..3, proptest::collection::vec(1u64..6, 0..8)), 0..6),
        ) {
            let mut kept = Lines::default();
            let mut expected = Vec::new();
            for (file, lines) in &blocks {
                kept.extend(*file, &lines.iter().copied().collect());
                expected.extend(lines.iter().map(|line| (*file, *line)));
            }
            let again: Vec<_> =
                (0..kept.len()).map(|row| (kept.file(row), kept.get(row))).collect();
            prop_assert_eq!(again, expected);
        }
    }
}
