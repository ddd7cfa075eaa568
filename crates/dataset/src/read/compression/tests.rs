use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::*;

const TEXT: &[u8] = b"a,b\n1,2\n3,4\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

/// A reader that gives one byte at a time.
struct Drops<'a>(&'a [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = room.len().min(self.0.len()).min(1);
        room[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

fn decode(bytes: &[u8]) -> Result<Vec<u8>, ReadError> {
    let mut decoder = Decoder::new("t.csv", Drops(bytes))?;
    let (mut decoded, mut room) = (Vec::new(), [0; 7]);
    loop {
        match decoder.read(&mut room)? {
            0 => return Ok(decoded),
            count => decoded.extend_from_slice(&room[..count]),
        }
    }
}

#[test]
fn bytes_come_out_as_they_went_in() {
    for text in [TEXT, b"", b"a", b"\x1f", b"\x28\xb5\x2f"] {
        assert_eq!(decode(text).unwrap(), text);
        assert_eq!(decode(&gzip(text)).unwrap(), text);
        assert_eq!(decode(&zstd(text)).unwrap(), text);
    }
}

#[test]
fn members_and_frames_follow_each_other() {
    let (head, tail) = TEXT.split_at(5);
    assert_eq!(decode(&[gzip(head), gzip(tail)].concat()).unwrap(), TEXT);
    let skipped = [&[0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"???"].concat();
    let frames = [skipped.clone(), zstd(head), skipped, zstd(tail)].concat();
    assert_eq!(decode(&frames).unwrap(), TEXT);
}

#[test]
fn every_cut_is_an_error_with_its_place() {
    for (compression, whole) in [("gzip", gzip(TEXT)), ("zstd", zstd(TEXT))] {
        for length in 4..whole.len() {
            let error = decode(&whole[..length]).unwrap_err();
            let ReadError::Truncated {
                compression: found,
                bytes,
                ..
            } = &error
            else {
                panic!("{compression} cut to {length}: {error:?}");
            };
            assert_eq!((*found, *bytes), (compression, length as u64));
        }
    }
}

#[test]
fn damaged_bytes_are_an_error() {
    let long = TEXT.repeat(1000);
    for whole in [gzip(&long), zstd(&long)] {
        let mut found = 0;
        for position in 4..whole.len() {
            let mut damaged = whole.clone();
            damaged[position] ^= 0x55;
            match decode(&damaged) {
                Ok(text) => assert!(text == long, "byte {position} was changed in silence"),
                Err(ReadError::Corrupt { .. }) => found += 1,
                Err(ReadError::Truncated { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert!(found > whole.len() / 4, "{found} of {}", whole.len());
    }
    let error = decode(&[gzip(TEXT), b"garbage behind it".to_vec()].concat()).unwrap_err();
    assert!(matches!(error, ReadError::Corrupt { .. }), "{error}");
    assert!(error.remedy().is_some());
}
