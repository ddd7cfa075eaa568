//! Where a block of CSV can end.

/// The bytes of whole rows at the start of `text`, which starts with a row; 0 when no row is known
/// to end in it. More text may follow.
///
/// A quote opens a cell only where a cell starts, so that quotes alone need be looked at: what lies
/// between them is passed over.
pub(in crate::read) fn boundary(text: &[u8], delimiter: u8) -> usize {
    let (mut at, mut found) = (0, 0);
    loop {
        // From `at` on, the text is outside quotes.
        let quote = opening(text, at, delimiter);
        let end = quote.unwrap_or(text.len());
        if let Some(last) = last_break(&text[at..end], quote.is_some()) {
            found = at + last;
        }
        let Some(quote) = quote else { return found };
        let mut inside = quote + 1;
        at = loop {
            let Some(next) = memchr::memchr(b'"', &text[inside.min(text.len())..]) else {
                return found;
            };
            match text.get(inside + next + 1) {
                Some(b'"') => inside += next + 2,
                Some(_) => break inside + next + 1,
                None => return found, // The next byte says whether the cell ends here.
            }
        };
    }
}

/// The first quote from `at` on that opens a cell.
fn opening(text: &[u8], at: usize, delimiter: u8) -> Option<usize> {
    let opens = |quote: usize| match quote.checked_sub(1) {
        None => true,
        // A closing quote that was passed does not start a cell.
        Some(before) => {
            let byte = text[before];
            byte == delimiter || byte == b'\n' || byte == b'\r'
        }
    };
    memchr::memchr_iter(b'"', &text[at..])
        .map(|offset| at + offset)
        .find(|&quote| opens(quote))
}

/// The position behind the last line break of bytes outside quotes; `followed` says that a byte
/// other than a line feed follows them.
fn last_break(text: &[u8], followed: bool) -> Option<usize> {
    if let Some(feed) = memchr::memrchr(b'\n', text) {
        return Some(feed + 1);
    }
    // A carriage return at the very end may be half of a pair.
    let known = if followed {
        text
    } else {
        &text[..text.len().saturating_sub(1)]
    };
    memchr::memrchr(b'\r', known).map(|position| position + 1)
}
