//! Where a conversion goes: commands and their configuration for `replay`, or one L3 file.

use super::measure::Trade;
use crate::cli::Failure;
use crate::cli::files::{self, Output};
use plimsoll_exchange::Exchange;
#[cfg(feature = "arrow")]
use plimsoll_sim::flow::replayed::Touch;
#[cfg(feature = "arrow")]
use plimsoll_sim::l3::write::{About, Writer};
use plimsoll_text::read_config;
use plimsoll_text::recorded::Input;
use plimsoll_types::ExchangeSpec;
#[cfg(feature = "arrow")]
use plimsoll_types::OrderId;
use std::path::Path;

/// What is asked for, by the name of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Commands, and the configuration beside them.
    Lines { commands: String, config: String },
    /// One L3 file.
    L3 { file: String },
}

impl Place {
    /// The place an output's name means: commands where it ends in .jsonl, else an L3 file.
    pub fn of(output: &str) -> Place {
        let path = Path::new(output);
        if path.extension().is_some_and(|ending| ending == "jsonl") {
            let config = path.with_extension("toml").to_string_lossy().into_owned();
            return Place::Lines { commands: output.to_owned(), config };
        }
        Place::L3 { file: output.to_owned() }
    }

    /// Its files, each with what to call it.
    pub fn files(&self) -> Vec<(&'static str, &str)> {
        match self {
            Place::Lines { commands, config } => {
                vec![("OUT.jsonl", commands), ("OUT.toml", config)]
            }
            Place::L3 { file } => vec![("OUT", file)],
        }
    }

    /// What lies where, in words.
    pub fn words(&self, commands: &str) -> String {
        match self {
            Place::Lines { commands: file, config } => {
                format!("{commands} commands in {file}, their exchange in {config}")
            }
            Place::L3 { file } => format!("{commands} rows and their exchange in {file}"),
        }
    }
}

/// An output being written.
pub struct Target {
    spec: ExchangeSpec,
    store: Store,
}

enum Store {
    Lines(Output, Output),
    #[cfg(feature = "arrow")]
    L3(String, Box<Writer<Output>>),
}

impl Target {
    /// Begins it; `text` is the configuration, `source` what is converted.
    pub fn begin(place: &Place, text: &str, source: &str) -> Result<Target, Failure> {
        match place {
            Place::Lines { commands, config } => {
                let (lines, mut head) = (Output::create(commands)?, Output::create(config)?);
                head.write(text.as_bytes())?;
                let spec = read_config(config, text).map_err(Failure::run)?;
                Ok(Target { spec, store: Store::Lines(lines, head) })
            }
            Place::L3 { file } => Target::begin_l3(file, text, source),
        }
    }

    #[cfg(feature = "arrow")]
    fn begin_l3(file: &str, text: &str, source: &str) -> Result<Target, Failure> {
        let spec = read_config(file, text).map_err(Failure::run)?;
        let symbols: Vec<_> = spec.instruments.iter().map(|listed| listed.symbol).collect();
        let about = About { exchange: text, source, symbols: &symbols };
        let writer = Writer::new(Output::create(file)?, &about);
        let writer = writer.map_err(|error| files::unwritable(file, &error))?;
        Ok(Target { spec, store: Store::L3(file.to_owned(), Box::new(writer)) })
    }

    #[cfg(not(feature = "arrow"))]
    fn begin_l3(file: &str, _: &str, _: &str) -> Result<Target, Failure> {
        let expected = "a name that ends in .jsonl (L3 files need the cargo feature arrow)";
        let error = plimsoll_text::Error::new("OUT", expected, file);
        Err(Failure::input(error.in_file("convert")))
    }

    /// The exchange of the recording.
    pub fn spec(&self) -> &ExchangeSpec {
        &self.spec
    }

    /// Writes one command that `exchange` has carried out, and what it traded.
    pub fn write(
        &mut self,
        line: &[u8],
        input: &Input,
        exchange: &Exchange,
        trades: &[Trade],
    ) -> Result<(), Failure> {
        match &mut self.store {
            Store::Lines(lines, _) => {
                let _ = (input, exchange, trades);
                lines.write(line)
            }
            #[cfg(feature = "arrow")]
            Store::L3(file, writer) => {
                let instrument = exchange.instrument_id(&input.symbol);
                let touch = instrument.map(|instrument| Touch::of(exchange, instrument));
                writer.push(input, touch).map_err(|error| files::unwritable(file, &error))?;
                for trade in trades {
                    for order in [trade.maker, trade.taker] {
                        if let OrderId::Client(order) = order {
                            writer.traded(&order, trade.qty.lots());
                        }
                    }
                }
                Ok(())
            }
        }
    }

    /// Makes it appear.
    pub fn commit(self) -> Result<(), Failure> {
        let outputs = match self.store {
            Store::Lines(lines, config) => vec![lines, config],
            #[cfg(feature = "arrow")]
            Store::L3(file, writer) => {
                vec![writer.finish().map_err(|error| files::unwritable(&file, &error))?]
            }
        };
        files::commit(outputs)
    }
}
