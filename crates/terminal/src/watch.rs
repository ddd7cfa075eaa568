//! A line of progress that a thread of its own keeps up, for work that cannot be interrupted to
//! tell how far it is.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::Progress;
use crate::number::{bytes, counted, duration};

/// How often the line changes.
const INTERVAL: Duration = Duration::from_millis(100);

/// How far reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reading {
    /// Bytes read so far; 0 where they are not counted.
    pub bytes: u64,
    /// Bytes in all, where that is known.
    pub total: Option<u64>,
    /// Rows read so far.
    pub rows: u64,
    /// How often the bytes were read from the start, this time included.
    pub pass: u64,
}

impl Reading {
    /// Bytes, rows, rate and time left, after some time.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use terminal::watch::Reading;
    ///
    /// let reading = Reading { bytes: 100_000_000, total: Some(300_000_000), rows: 400_000, pass: 1 };
    /// assert_eq!(
    ///     reading.words(Duration::from_secs(2)),
    ///     "100 MB of 300 MB, 400,000 rows, 50 MB/s, 4.0 s left"
    /// );
    /// ```
    pub fn words(&self, elapsed: Duration) -> String {
        let again = if self.pass > 1 { "again: " } else { "" };
        let rows = counted(usize::try_from(self.rows).unwrap_or(usize::MAX), "row");
        if self.bytes == 0 {
            return rows;
        }
        let of = match self.total {
            Some(total) if total >= self.bytes => format!(" of {}", bytes(total as f64)),
            _ => String::new(),
        };
        let read = bytes(self.bytes as f64);
        let rate = self.bytes as f64 / elapsed.as_secs_f64();
        let speed = if rate.is_finite() {
            format!(", {}/s", bytes(rate))
        } else {
            String::new()
        };
        let left = self.total.and_then(|total| total.checked_sub(self.bytes));
        let left = match left {
            Some(left) if rate.is_finite() => format!(", {} left", duration(left as f64 / rate)),
            _ => String::new(),
        };
        format!("{again}{read}{of}, {rows}{speed}{left}")
    }
}

/// A line about reading, kept up by a thread until it is dropped; none where nobody looks at it.
///
/// # Examples
/// ```
/// use terminal::watch::{Reading, Watch};
///
/// let watch = Watch::new(false, || Reading::default());
/// // … read …
/// drop(watch); // takes the line away
/// ```
#[derive(Debug)]
pub struct Watch {
    /// Closing it ends the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Watches what `look` says, silently for a second, as [`Progress`].
    #[must_use]
    pub fn new(quiet: bool, look: impl FnMut() -> Reading + Send + 'static) -> Self {
        Self::with(Progress::new(quiet), look)
    }

    fn with(mut progress: Progress, mut look: impl FnMut() -> Reading + Send + 'static) -> Self {
        if !progress.is_looked_at() {
            return Self {
                stop: None,
                thread: None,
            };
        }
        let (stop, stopped) = channel();
        let thread = thread::spawn(move || {
            let (mut pass, mut started) = (0, Instant::now());
            while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                let reading = look();
                if reading.pass > pass {
                    (pass, started) = (reading.pass, Instant::now());
                }
                let words = reading.words(started.elapsed());
                progress.share(reading.bytes, reading.total.unwrap_or(0), words);
            }
            progress.finish();
        });
        Self {
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It only draws: if it failed, there is nothing to take away.
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn words_say_what_is_known() {
        let reading = Reading {
            bytes: 1_500_000,
            total: None,
            rows: 1,
            pass: 2,
        };
        let second = Duration::from_secs(1);
        assert_eq!(reading.words(second), "again: 1.5 MB, 1 row, 1.5 MB/s");
        // A file that grows is read beyond what it was.
        let total = Some(1_000_000);
        let grown = Reading { total, ..reading };
        assert_eq!(grown.words(second), reading.words(second));
        // Of standard input the rows alone are known; and time may not have begun.
        assert_eq!(Reading::default().words(second), "0 rows");
        assert_eq!(reading.words(Duration::ZERO), "again: 1.5 MB, 1 row");
    }

    #[test]
    fn it_looks_for_as_long_as_it_is_kept_and_only_where_somebody_sees_it() {
        let looks = Arc::new(AtomicU64::new(0));
        let look = || {
            let looks = Arc::clone(&looks);
            move || {
                looks.fetch_add(1, Ordering::Relaxed);
                Reading::default()
            }
        };
        drop(Watch::with(Progress::new(true), look()));
        assert_eq!(looks.load(Ordering::Relaxed), 0);
        let watch = Watch::with(Progress::hidden(), look());
        while looks.load(Ordering::Relaxed) < 2 {
            thread::sleep(INTERVAL);
        }
        drop(watch);
        let seen = looks.load(Ordering::Relaxed);
        thread::sleep(2 * INTERVAL);
        assert_eq!(looks.load(Ordering::Relaxed), seen);
    }
}
