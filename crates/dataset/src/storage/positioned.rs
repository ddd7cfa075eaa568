//! A file of which any part is read at any time, by several threads.

use std::fs::File;
use std::io;
use std::time::SystemTime;

/// An open file that no reader moves the position of for another.
#[derive(Debug)]
pub(super) struct Positioned {
    file: File,
    /// Elsewhere a read moves the position of the file.
    #[cfg(not(unix))]
    turn: std::sync::Mutex<()>,
}

/// What changes when a file is written to.
pub(super) type Stamp = (u64, Option<SystemTime>);

impl Positioned {
    pub(super) fn new(file: File) -> Self {
        Self {
            file,
            #[cfg(not(unix))]
            turn: std::sync::Mutex::default(),
        }
    }

    pub(super) fn stamp(&self) -> io::Result<Stamp> {
        let file = self.file.metadata()?;
        Ok((file.len(), file.modified().ok()))
    }

    /// Fills `room` from this byte on.
    pub(super) fn read(&self, room: &mut [u8], start: u64) -> io::Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::FileExt;
            self.file.read_exact_at(room, start)
        }
        #[cfg(not(unix))]
        {
            use std::io::{Read, Seek, SeekFrom};
            let _turn = self
                .turn
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            let mut file = &self.file;
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(room)
        }
    }

    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }
}
