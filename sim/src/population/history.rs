//! The prices at which clients came in before the opening: given, evenly spaced, read from a file, or walked.

use super::plan::Entries;
use crate::files::read_text;
use crate::prng::Prng;
use plimsoll_text::{Error, decimal};
use plimsoll_types::{Price, Step};
use std::path::Path;

/// Most bytes a file of prices may have once it is unpacked.
const FILE_MAX: u64 = 1 << 30;

/// A price on the tick.
pub fn price(text: &str, tick: Step) -> Option<Price> {
    decimal::price(decimal::parse(text.as_bytes()).ok()?, tick).ok()
}

/// `steps` prices from one to the other, evenly spaced, in ticks.
pub fn range(from: Price, to: Price, steps: u32) -> Vec<Price> {
    let (from, way) = (from.ticks(), to.ticks() - from.ticks());
    let gaps = i64::from(steps).max(2) - 1;
    (0..i64::from(steps)).map(|step| Price::clamped(from + way * step / gaps)).collect()
}

/// `steps` prices of a csv file, evenly spaced over its lines: those of a column, counted from 1. A first line that is no price is a heading.
///
/// Errors: a file that cannot be read, a line without a price on the tick, no price at all.
pub fn read(file: &Path, column: usize, steps: u32, tick: Step) -> Result<Vec<Price>, Error> {
    let name = file.display().to_string();
    let text = read_text(file, FILE_MAX).map_err(|error| {
        Error::new("file", "a readable csv file", &error.to_string()).in_file(&name)
    })?;
    let mut prices = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let cell = line.split(',').nth(column - 1).unwrap_or("").trim();
        match price(cell, tick) {
            Some(price) => prices.push(price),
            None if n == 0 => {}
            None => {
                let field = format!("column {column}");
                let error = Error::new(&field, "a price on the tick", cell);
                return Err(error.at(&name, n as u64 + 1));
            }
        }
    }
    if prices.is_empty() {
        return Err(Error::new("file", "at least one price", "none").in_file(&name));
    }
    let taken = prices.len().min(steps as usize);
    // The last line is always one of them, so that the path ends where the file does.
    Ok((1..=taken).map(|step| prices[step * prices.len() / taken - 1]).collect())
}

/// The prices before an opening at `opening`, in order of time.
pub fn path(entries: &Entries, opening: Price, seed: u64) -> Vec<Price> {
    match entries {
        Entries::Path(prices) => prices.clone(),
        Entries::Walk { steps, deviation } => {
            let mut prng = Prng::new(seed, "history", 0);
            let mut ticks = opening.ticks();
            let mut path: Vec<Price> = (0..*steps)
                .map(|_| {
                    // Backwards from the opening. A step is never more than a third of the price, so that it stays above zero.
                    let share = prng.bell(deviation.nano()).clamp(-333_000_000, 333_000_000);
                    let step = i128::from(ticks) * i128::from(share) / 1_000_000_000;
                    ticks = (ticks - step as i64).max(1);
                    Price::clamped(ticks)
                })
                .collect();
            path.reverse();
            path
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_types::Ratio;

    const TICK: Step = Step { mantissa: 2, decimals: 1 };

    #[test]
    fn a_range_has_both_its_ends() {
        let ticks = |prices: Vec<Price>| prices.into_iter().map(Price::ticks).collect::<Vec<_>>();
        assert_eq!(ticks(range(Price::clamped(10), Price::clamped(16), 4)), [10, 12, 14, 16]);
        assert_eq!(ticks(range(Price::clamped(16), Price::clamped(10), 2)), [16, 10]);
        assert_eq!(ticks(range(Price::clamped(16), Price::clamped(10), 1)), [16]);
    }

    #[test]
    fn a_walk_repeats_and_depends_on_its_seed() {
        let walk = Entries::Walk { steps: 30, deviation: Ratio::from_nano(10_000_000) };
        let opening = Price::clamped(25_000);
        let first = path(&walk, opening, 1);
        assert_eq!((first.len(), &first), (30, &path(&walk, opening, 1)));
        assert_ne!(first, path(&walk, opening, 2));
        assert!(first.iter().all(|price| (15_000..40_000).contains(&price.ticks())));
    }

    #[test]
    fn a_file_is_thinned_and_its_bad_line_named() {
        let folder = std::env::temp_dir().join(format!("plimsoll-history-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("prices.csv");
        std::fs::write(&file, "time,last\n1,10\n2,10.2\n3,10.4\n4,10.6\n").unwrap();
        let read_back = read(&file, 2, 2, TICK).unwrap();
        assert_eq!(read_back.iter().map(|p| p.ticks()).collect::<Vec<_>>(), [51, 53]);
        std::fs::write(&file, "10\n10.1\n").unwrap();
        let error = read(&file, 1, 9, TICK).unwrap_err().to_string();
        assert!(error.contains("prices.csv") && error.contains('2'), "{error}");
        std::fs::write(&file, "").unwrap();
        assert!(read(&file, 1, 9, TICK).is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
