//! Which byte stands between cells.

use csv_core::{ReadRecordResult, ReaderBuilder};

/// The delimiters that are tried, the likeliest first.
const CANDIDATES: [u8; 4] = *b",;\t|";

/// Rows that are looked at.
const ROWS: usize = 64;

/// The delimiter of a file that starts with `bytes`; `whole` says that they are all of it.
///
/// That is the one that gives every row as many cells as the header and the most of them; if none
/// does, the one that gives the header the most. A file of one column has a comma.
pub(super) fn delimiter(bytes: &[u8], whole: bool) -> u8 {
    let mut best = (false, 1);
    let mut found = b',';
    for candidate in CANDIDATES {
        let counts = cells_per_row(bytes, whole, candidate);
        let header = counts.first().copied().unwrap_or(0);
        let regular = counts.iter().all(|&count| count == header);
        if header > 1 && (regular, header) > best {
            best = (regular, header);
            found = candidate;
        }
    }
    found
}

fn cells_per_row(bytes: &[u8], whole: bool, delimiter: u8) -> Vec<usize> {
    let mut core = ReaderBuilder::new().delimiter(delimiter).build();
    let (mut output, mut ends) = ([0; 4096], [0; 256]);
    let (mut counts, mut cells, mut rest) = (Vec::new(), 0, bytes);
    while counts.len() < ROWS {
        let input_ended = rest.is_empty();
        if input_ended && !whole {
            break; // The last row may go on behind `bytes`.
        }
        let (result, read, _, ended) = core.read_record(rest, &mut output, &mut ends);
        rest = &rest[read..];
        cells += ended;
        match result {
            ReadRecordResult::Record => counts.push(std::mem::take(&mut cells)),
            ReadRecordResult::End => break,
            ReadRecordResult::InputEmpty
            | ReadRecordResult::OutputFull
            | ReadRecordResult::OutputEndsFull => {}
        }
    }
    if counts.is_empty() {
        counts.push(cells + 1);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sniff(text: &str) -> char {
        char::from(delimiter(text.as_bytes(), true))
    }

    #[test]
    fn each_delimiter_is_found() {
        assert_eq!(sniff("a,b\n1,2\n"), ',');
        assert_eq!(sniff("a;b\n1,5;2\n3;4\n"), ';');
        assert_eq!(sniff("a\tb c\n1\t2\n"), '\t');
        assert_eq!(sniff("a|b\n1|2"), '|');
    }

    #[test]
    fn delimiters_within_cells_do_not_count() {
        assert_eq!(sniff("a;b\n1,5;2,5\n3,5;4,5\n"), ';');
        assert_eq!(sniff("\"a;b;c\",d\n1,2\n"), ',');
        assert_eq!(sniff("name,note\nx,a;b;c\n"), ',');
    }

    #[test]
    fn a_regular_delimiter_wins_over_a_frequent_one() {
        assert_eq!(sniff("a;b|c|d\n1;2\n3;4\n"), ';');
    }

    #[test]
    fn a_ragged_file_still_has_its_delimiter() {
        assert_eq!(sniff("a;b;c\n1;2\n"), ';');
    }

    #[test]
    fn one_column_and_no_bytes_have_a_comma() {
        assert_eq!(sniff("a\nSmith, John\n"), ',');
        assert_eq!(sniff(""), ',');
    }

    #[test]
    fn a_row_that_is_cut_off_does_not_count() {
        assert_eq!(char::from(delimiter(b"a;b\n1;2\n3", false)), ';');
        assert_eq!(char::from(delimiter(b"a;b;c", false)), ';');
    }
}
