//! `plimsoll convert itch`: the file is read once for its stocks and once for the commands.

use super::measure::Measure;
use super::report::Source;
use super::target::Place;
use super::{Args, finish, target};
use crate::cli::files::{self, Input};
use crate::cli::{Failure, progress};
use plimsoll_text::Error;
use plimsoll_text::itch::{Conversion, Messages, Survey};
use plimsoll_types::Label;

/// Messages between two looks at the progress bar.
const MESSAGES_A_LOOK: u64 = 1 << 16;

/// Runs it.
pub fn run(args: &Args, place: &Place) -> Result<(), Failure> {
    let wrong = |expected: &str, found: &str| {
        Failure::input(Error::new("--symbol", expected, found).in_file("convert"))
    };
    if args.input == files::STANDARD {
        let error = Error::new("IN", "a file, which is read twice", "stdin");
        return Err(Failure::input(error.in_file("convert")));
    }
    let label =
        |text: &String| Label::new(text).ok_or_else(|| wrong("symbols of 1 to 39 bytes", text));
    let symbols = args.symbol.iter().map(label).collect::<Result<Vec<Label>, Failure>>()?;
    let name = files::shown(&args.input);
    let mut input = Input::open(&args.input)?;
    let survey =
        Survey::read(&mut Messages::new(name, input.reader()), &symbols).map_err(Failure::input)?;
    let mut measure = Measure::begin(target(args, place, "itch", &survey.config())?);
    let mut input = Input::open(&args.input)?;
    let mut messages = Messages::new(name, input.reader());
    let mut conversion = Conversion::new(&survey);
    let bar = progress::bar(Some(survey.messages()), args.quiet);
    while let Some(step) = conversion.next(&mut messages).map_err(Failure::input)? {
        measure.step(&step)?;
        if messages.count().is_multiple_of(MESSAGES_A_LOOK) {
            bar.set_position(messages.count());
        }
    }
    bar.finish_and_clear();
    let source = Source {
        format: "itch",
        words: "messages",
        records: survey.messages(),
        symbols: survey.symbols().collect(),
        book_file: None,
    };
    finish(args, place, measure, &source, conversion.tally())
}
