//! Journals cut at every byte and flipped at every bit, and directories that hang together wrong.

use super::*;
use crate::house::{spec, users};
use crate::record::Record;
use crate::store::{DataOptions, journal_of, recover};
use std::path::Path;

/// The bytes of one segment with a story's records, sealed or not.
fn segment(story: &Story, sealed: bool) -> (Vec<u8>, PathBuf, Scratch) {
    let scratch = Scratch::new(&format!("segment{}{sealed}", story.batches.len()));
    let disk = Faulty::default();
    let options = small(1 << 20);
    let begun = Journal::begin(Arc::new(disk.clone()), &scratch.0, 7, 0, options);
    let mut journal = begun.expect("a sound disk");
    for batch in &story.batches {
        journal.commit(std::slice::from_ref(batch)).expect("a sound disk");
    }
    if sealed {
        journal.idle().expect("a sound disk");
    }
    disk.kill();
    drop(journal);
    let path = scratch.0.join("00000000000000000001.seg");
    (fs::read(&path).expect("the segment"), path, scratch)
}

/// Numbers and good bytes, and how it ends.
fn scanned(bytes: &[u8]) -> (u64, u64, End) {
    let header = SegmentHeader::read(bytes).expect("a header");
    let mut scan = Scan::new(&header, bytes);
    while scan.frame().is_some() {}
    (scan.last(), scan.good(), scan.end().expect("it has ended"))
}

/// Where each record ends.
fn ends(bytes: &[u8]) -> Vec<u64> {
    let header = SegmentHeader::read(bytes).expect("a header");
    let mut scan = Scan::new(&header, bytes);
    let mut ends = Vec::new();
    while scan.frame().is_some() {
        ends.push(scan.good());
    }
    ends
}

#[test]
fn a_journal_cut_at_any_byte_has_every_whole_record_before_it() {
    let (bytes, path, scratch) = segment(&story(900, 21), true);
    let ends = ends(&bytes);
    assert!(ends.last() > Some(&(64 << 10)), "64 KiB of records: {ends:?}");
    for cut in HEADER_BYTES..=64 << 10 {
        let (last, good, end) = scanned(&bytes[..cut]);
        let whole = ends.partition_point(|end| *end <= cut as u64) as u64;
        assert_eq!(last, whole, "cut at {cut}");
        assert!(good <= cut as u64);
        let expected = match cut as u64 - good {
            0 => End::Open,
            bytes => End::Torn { bytes },
        };
        let last_byte_is_zero = bytes[cut - 1] == 0;
        assert!(end == expected || last_byte_is_zero, "cut at {cut}: {end:?}, {expected:?}");
    }
    // Files too, by the way a server takes.
    for cut in (0..64 << 10).step_by(1_999) {
        fs::write(&path, &bytes[..cut]).expect("a place for it");
        let walked = walk(&scratch.0, Some(7), 1, |_, _| Ok(())).expect("a torn tail is no damage");
        assert_eq!(walked.last, ends.partition_point(|end| *end <= cut as u64) as u64);
        assert_eq!(walked.stillborn.is_some(), cut < HEADER_BYTES);
    }
}

#[test]
fn a_bit_that_turns_before_a_seal_is_damage_at_its_place() {
    let (bytes, path, scratch) = segment(&story(100, 22), true);
    let ends = ends(&bytes);
    let end = ends[99] as usize;
    for bit in 8 * HEADER_BYTES..8 * end {
        let mut other = bytes.clone();
        other.truncate(end + 44);
        other[bit / 8] ^= 1 << (bit % 8);
        let (last, good, found) = scanned(&other);
        let before = ends.partition_point(|end| *end <= bit as u64 / 8) as u64;
        assert_eq!(last, before, "bit {bit}");
        assert!(good <= bit as u64 / 8 && matches!(found, End::Damaged(_)), "bit {bit}: {found:?}");
        if bit % 3_001 == 0 {
            fs::write(&path, &other).expect("a place for it");
            match walk(&scratch.0, Some(7), 1, |_, _| Ok(())) {
                Err(RecoverError::Damaged { file, offset, .. }) => {
                    assert_eq!((file, offset), (path.clone(), good));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_bit_that_turns_in_the_last_group_before_its_seal_is_a_torn_tail() {
    let story = story(100, 23);
    let (bytes, ..) = segment(&story, false);
    let ends = ends(&bytes);
    let groups: Vec<u64> = story.batches.iter().map(|batch| batch.last).collect();
    let synced = groups[groups.len() - 2];
    let begin = ends[synced as usize - 1] as usize;
    for bit in 8 * begin..8 * ends[ends.len() - 1] as usize {
        let mut other = bytes.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        let (last, _, found) = scanned(&other);
        assert_eq!(last, ends.partition_point(|end| *end <= bit as u64 / 8) as u64);
        assert!(matches!(found, End::Torn { .. }), "bit {bit}: {found:?}");
    }
}

#[test]
fn whatever_a_segment_is_made_of_reading_it_ends() {
    let (bytes, ..) = segment(&story(60, 24), true);
    let end = ends(&bytes)[59] as usize + 200;
    let mut random = Random(7);
    for _ in 0..20_000 {
        let mut other = bytes[..end].to_vec();
        for _ in 0..=random.below(8) {
            let from = HEADER_BYTES + random.below((end - HEADER_BYTES) as u64) as usize;
            let len = (1 + random.below(80) as usize).min(end - from);
            match random.below(3) {
                0 => other[from..from + len].fill(random.below(256) as u8),
                1 => other.copy_within(0..len, from),
                _ => other.copy_within(from..from + len, HEADER_BYTES),
            }
        }
        let header = SegmentHeader::read(&other).expect("the header is as it was");
        let mut scan = Scan::new(&header, &other);
        let mut last = 0;
        while let Some(Record { number, .. }) = scan.record() {
            assert_eq!(number, last + 1);
            last = number;
        }
        assert!(scan.end().is_some() && scan.good() <= end as u64);
    }
}

/// A data directory with a story's journal in several segments.
fn data(story: &Story, scratch: &Scratch) -> Vec<Found> {
    let data = DataOptions { journal: small(4096), ..DataOptions::new(&scratch.0) };
    let found = recover(&data, &spec(), &users(Limits::default()), &mut |_, _, _| {});
    let mut found = found.expect("an empty directory");
    for batch in &story.batches {
        found.journal.commit(std::slice::from_ref(batch)).expect("a sound disk");
    }
    found.journal.close().expect("a sound disk");
    list(&journal_of(&scratch.0)).expect("a directory")
}

fn start(data: &Path) -> Result<u64, RecoverError> {
    let users = users(Limits::default());
    let found = recover(&DataOptions::new(data), &spec(), &users, &mut |_, _, _| {})?;
    Ok(found.engine.number())
}

#[test]
fn a_segment_that_is_missing_is_named() {
    let (story, scratch) = (story(300, 31), Scratch::new("missing"));
    let segments = data(&story, &scratch);
    assert!(segments.len() >= 4);
    fs::remove_file(&segments[1].path).expect("it is there");
    match start(&scratch.0) {
        Err(RecoverError::Missing { file, from, to }) => {
            assert_eq!((from, to), (segments[1].first, segments[2].first - 1));
            assert_eq!(file, segments[2].path);
        }
        other => panic!("{other:?}"),
    }
    fs::remove_file(&segments[0].path).expect("it is there");
    let error = start(&scratch.0).expect_err("no snapshot has them").to_string();
    assert!(
        error.contains(&format!("records 1 to {} are missing", segments[2].first - 1)),
        "{error}"
    );
}

#[test]
fn segments_that_overlap_are_refused() {
    let (story, scratch) = (story(200, 32), Scratch::new("overlap"));
    let segments = data(&story, &scratch);
    let name = format!("{:020}.seg", segments[1].first + 1);
    let configuration = plimsoll_exchange::configuration_hash(&spec());
    let header = SegmentHeader { first: segments[1].first + 1, configuration, salt: 1 };
    fs::write(journal_of(&scratch.0).join(&name), header.bytes()).expect("a place for it");
    match start(&scratch.0) {
        Err(RecoverError::Overlap { file, first, last }) => {
            assert!(file.ends_with(name));
            assert_eq!((first, last), (segments[1].first + 1, segments[2].first - 1));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_empty_last_segment_and_one_that_was_never_begun_are_no_matter() {
    let (story, scratch) = (story(50, 33), Scratch::new("empty"));
    data(&story, &scratch);
    let last = story.hashes.len() as u64 - 1;
    // Each start begins a segment, and each end closes it without a record.
    for _ in 0..3 {
        assert_eq!(start(&scratch.0).expect("nothing is wrong"), last);
    }
    let name = format!("{:020}.seg", last + 1);
    let path = journal_of(&scratch.0).join(name);
    for bytes in [0, 63] {
        fs::write(&path, vec![0; bytes]).expect("a place for it");
        assert_eq!(start(&scratch.0).expect("nothing is wrong"), last);
    }
}

#[test]
fn damage_another_configuration_and_another_server_are_refused() {
    let (story, scratch) = (story(200, 34), Scratch::new("refused"));
    let segments = data(&story, &scratch);
    let mut other = spec();
    other.insurance_fund = Money::new(1);
    let users = users(Limits::default());
    let options = DataOptions::new(&scratch.0);
    let refused = recover(&options, &other, &users, &mut |_, _, _| {}).map(|_| ());
    assert!(matches!(refused, Err(RecoverError::OtherConfiguration { .. })), "{refused:?}");
    let first = recover(&options, &spec(), &users, &mut |_, _, _| {}).expect("nothing is wrong");
    let second = recover(&options, &spec(), &users, &mut |_, _, _| {}).map(|_| ());
    assert!(matches!(second, Err(RecoverError::Locked { .. })), "{second:?}");
    drop(first);
    let mut bytes = fs::read(&segments[0].path).expect("it is there");
    bytes[200] ^= 1;
    fs::write(&segments[0].path, &bytes).expect("a place for it");
    let error = start(&scratch.0).expect_err("it is damaged").to_string();
    let begins = format!("{}: byte ", segments[0].path.display());
    assert!(error.starts_with(&begins), "{error}");
    bytes.truncate(bytes.len() - 44);
    bytes[200] ^= 1;
    fs::write(&segments[0].path, &bytes).expect("a place for it");
    let refused = start(&scratch.0);
    assert!(matches!(refused, Err(RecoverError::Damaged { .. })), "{refused:?}");
}
