//! Recorded Shanghai order-by-order data as commands: CSV rows in, a configuration and JSONL commands out.
//!
//! A row is `sym,seq,time,phase,op,order_id,side,price_cents,qty`: op N enters a limit order, I an immediate-or-cancel
//! order, C cancels, U uncrosses the call auction now; phase is open_call, cont or close_call. Stocks stand one after
//! another in the file; they are merged by time, equal times in the order of the file, so each stock keeps its order
//! and `ts` (nanoseconds since midnight) never falls.

use crate::decimal::{write_scaled, write_whole};
use crate::json::write_string;
use crate::recorded::lines::{end, field, head};
use crate::recorded::{Action, Input};
use crate::r#where::Error;
use plimsoll_types::{Label, Phase, Price, Qty, Side, Ts};
use std::collections::HashMap;

/// The first line of such a file.
pub const HEADER: &str = "sym,seq,time,phase,op,order_id,side,price_cents,qty";

/// The account that sends every order; the recorded order ids are its client ids.
pub const ACCOUNT: &str = "market";

/// Highest price, quantity and sequence number read: nine digits and more would be no Shanghai stock.
const NUMBER_MAX: u64 = 1_000_000_000_000;

/// What a row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Limit,
    ImmediateOrCancel,
    Cancel,
    Uncross,
}

/// Which part of the day a row belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Session {
    OpenCall,
    Continuous,
    CloseCall,
}

/// One recorded input.
#[derive(Clone, Copy, Debug)]
struct Row {
    stock: usize,
    seq: u64,
    ts: Ts,
    session: Session,
    operation: Operation,
    id: Label,
    side: Side,
    cents: u64,
    qty: u64,
}

/// One stock of a recording.
#[derive(Clone, Debug)]
struct Stock {
    symbol: Label,
    session: Session,
    ts: Ts,
    lowest: u64,
    highest: u64,
}

/// A command made from a recording.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The stock.
    pub symbol: Label,
    /// The row's sequence number; `None` for a phase command that goes before a row.
    pub seq: Option<u64>,
    /// The command, as a line with its newline.
    pub line: Vec<u8>,
    /// The same, as values.
    pub input: Input,
}

/// A day of recorded inputs.
#[derive(Clone, Debug)]
pub struct Recording {
    stocks: Vec<Stock>,
    rows: Vec<Row>,
}

impl Recording {
    /// Reads a whole file; `file` is its name in errors.
    ///
    /// Errors: the first row that is none, with line and column; time or session running backwards within a stock.
    pub fn read(file: &str, text: &str) -> Result<Recording, Error> {
        let mut lines = (1u64..).zip(text.lines());
        let header = lines.next().map_or("", |(_, header)| header);
        if header != HEADER {
            let expected = format!("the header {HEADER}");
            return Err(Error::new("header", expected, header).at(file, 1));
        }
        let mut reader = Reader::default();
        for (number, line) in lines {
            reader.row(line).map_err(|error| error.at(file, number))?;
        }
        if reader.rows.is_empty() {
            return Err(Error::new("row", "at least one row", "nothing").at(file, 2));
        }
        reader.rows.sort_by_key(|row| row.ts);
        Ok(Recording { stocks: reader.stocks, rows: reader.rows })
    }

    /// Rows read.
    pub fn inputs(&self) -> usize {
        self.rows.len()
    }

    /// Stocks among them.
    pub fn stocks(&self) -> usize {
        self.stocks.len()
    }

    /// The configuration for the commands.
    ///
    /// The file does not say the previous close; it is taken to be the middle of the lowest and highest limit, half up:
    /// where orders stand at both price limits, which lie 10 % under and over it, that is the previous close itself.
    /// It is the first mark and the first reference of the call auction, nothing else: there is no band.
    pub fn config(&self) -> String {
        let mut text = String::from(
            "[exchange]\ncurrency = \"CNY\"\nmoney_decimals = 2\n\n\
             [[account]]\nname = \"market\"\nprofile = \"unlimited\"\n",
        );
        for stock in &self.stocks {
            let mut close = Vec::new();
            let middle = (stock.lowest + stock.highest).div_ceil(2).max(1);
            write_scaled(&mut close, i128::from(middle), 2);
            let mut symbol = Vec::new();
            write_string(&mut symbol, stock.symbol.as_bytes());
            text.push_str(&format!(
                "\n[[instrument]]\nsymbol = {}\nkind = \"future\"\ntick_size = \"0.01\"\nlot_size = \"1\"\n\
                 multiplier = \"1\"\nprev_settlement = \"{}\"\nmargin_initial = \"0\"\n\
                 margin_maintenance = \"0\"\nphase = \"auction\"\n",
                String::from_utf8_lossy(&symbol),
                String::from_utf8_lossy(&close),
            ));
        }
        text
    }

    /// The commands, in the order of time.
    ///
    /// The opening uncross leaves the auction for continuous trading, a stock's first row of the closing call enters
    /// the auction again, and the closing uncross leaves it for closed.
    pub fn commands(&self) -> impl Iterator<Item = Recorded> + '_ {
        let mut closing = vec![false; self.stocks.len()];
        self.rows.iter().flat_map(move |row| {
            let closes = row.session == Session::CloseCall;
            let begins = closes && !std::mem::replace(&mut closing[row.stock], closes);
            let phase = begins.then(|| self.phase(row, Phase::Auction, None));
            phase.into_iter().chain(std::iter::once(self.command(row)))
        })
    }

    fn command(&self, row: &Row) -> Recorded {
        match (row.operation, row.session) {
            (Operation::Uncross, Session::CloseCall) => {
                self.phase(row, Phase::Closed, Some(row.seq))
            }
            (Operation::Uncross, _) => self.phase(row, Phase::Continuous, Some(row.seq)),
            (Operation::Cancel, _) => {
                let mut line = head(row.ts, "cancel");
                field(&mut line, "account", ACCOUNT);
                field(&mut line, "id", row.id.as_str());
                self.recorded(row, Some(row.seq), line, self.input(row, Action::Cancel))
            }
            (Operation::Limit | Operation::ImmediateOrCancel, _) => self.order(row),
        }
    }

    fn order(&self, row: &Row) -> Recorded {
        let mut line = head(row.ts, "order");
        field(&mut line, "account", ACCOUNT);
        field(&mut line, "id", row.id.as_str());
        field(&mut line, "symbol", self.stocks[row.stock].symbol.as_str());
        field(&mut line, "side", row.side.as_str());
        line.extend_from_slice(b",\"price\":\"");
        write_scaled(&mut line, i128::from(row.cents), 2);
        line.extend_from_slice(b"\",\"qty\":\"");
        write_whole(&mut line, row.qty);
        line.push(b'"');
        let mut action = Action::Add;
        if row.operation == Operation::ImmediateOrCancel {
            field(&mut line, "tif", "ioc");
            action = Action::Take;
        }
        self.recorded(row, Some(row.seq), line, self.input(row, action))
    }

    fn input(&self, row: &Row, action: Action) -> Input {
        Input {
            order: Some(row.id),
            side: Some(row.side),
            price: Some(Price::clamped(i64::try_from(row.cents).unwrap_or(i64::MAX))),
            qty: Qty::new(row.qty),
            ..Input::of_market(row.ts, self.stocks[row.stock].symbol, action, None)
        }
    }

    fn phase(&self, row: &Row, phase: Phase, seq: Option<u64>) -> Recorded {
        let mut line = head(row.ts, "phase");
        field(&mut line, "symbol", self.stocks[row.stock].symbol.as_str());
        field(&mut line, "phase", phase.as_str());
        let symbol = self.stocks[row.stock].symbol;
        let input = Input::of_market(row.ts, symbol, Action::Phase, Some(phase));
        self.recorded(row, seq, line, input)
    }

    fn recorded(&self, row: &Row, seq: Option<u64>, line: Vec<u8>, input: Input) -> Recorded {
        Recorded { symbol: self.stocks[row.stock].symbol, seq, line: end(line), input }
    }
}

/// Rows read so far and where each stock stands.
#[derive(Default)]
struct Reader {
    stocks: Vec<Stock>,
    places: HashMap<Label, usize>,
    rows: Vec<Row>,
}

impl Reader {
    fn row(&mut self, line: &str) -> Result<(), Error> {
        let mut columns = line.split(',');
        let columns: [&str; 9] = std::array::from_fn(|_| columns.next().unwrap_or(""));
        if line.split(',').count() != columns.len() {
            return Err(Error::new("row", "9 columns", line));
        }
        let [symbol, seq, time, session, operation, id, side, cents, qty] = columns;
        let symbol = label("sym", symbol)?;
        let operation = word(
            "op",
            operation,
            &[
                ("N", Operation::Limit),
                ("I", Operation::ImmediateOrCancel),
                ("C", Operation::Cancel),
                ("U", Operation::Uncross),
            ],
        )?;
        let sessions = [
            ("open_call", Session::OpenCall),
            ("cont", Session::Continuous),
            ("close_call", Session::CloseCall),
        ];
        let session = word("phase", session, &sessions)?;
        let uncross = operation == Operation::Uncross;
        let row = Row {
            stock: self.stock(symbol),
            seq: number("seq", seq)?,
            ts: nanoseconds(time)?,
            session,
            operation,
            id: label("order_id", id)?,
            side: match side {
                "-" if uncross => Side::Buy,
                _ => word("side", side, &[("B", Side::Buy), ("S", Side::Sell)])?,
            },
            cents: number("price_cents", cents)?,
            qty: number("qty", qty)?,
        };
        if uncross && session == Session::Continuous {
            return Err(Error::new("op", "U in open_call or close_call only", "U in cont"));
        }
        self.book(row, time)
    }

    fn stock(&mut self, symbol: Label) -> usize {
        let stocks = &mut self.stocks;
        *self.places.entry(symbol).or_insert_with(|| {
            stocks.push(Stock {
                symbol,
                session: Session::OpenCall,
                ts: 0,
                lowest: u64::MAX / 2,
                highest: 0,
            });
            stocks.len() - 1
        })
    }

    fn book(&mut self, row: Row, time: &str) -> Result<(), Error> {
        let stock = &mut self.stocks[row.stock];
        if row.ts < stock.ts {
            return Err(Error::new("time", "a time not before the stock's last", time));
        }
        if row.session < stock.session {
            return Err(Error::new(
                "phase",
                "a phase not before the stock's last",
                "an earlier one",
            ));
        }
        (stock.ts, stock.session) = (row.ts, row.session);
        stock.lowest = stock.lowest.min(row.cents);
        stock.highest = stock.highest.max(row.cents);
        self.rows.push(row);
        Ok(())
    }
}

fn label(field: &str, text: &str) -> Result<Label, Error> {
    Label::new(text).ok_or_else(|| Error::new(field, "1 to 39 bytes", text))
}

fn number(field: &str, text: &str) -> Result<u64, Error> {
    let parsed = text.parse::<u64>().ok().filter(|number| *number <= NUMBER_MAX);
    parsed.ok_or_else(|| Error::new(field, "a whole number", text))
}

fn word<T: Copy>(field: &str, text: &str, words: &[(&str, T)]) -> Result<T, Error> {
    match words.iter().find(|(word, _)| *word == text) {
        Some((_, meaning)) => Ok(*meaning),
        None => {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            Err(Error::new(field, known.join(" or "), text))
        }
    }
}

/// `hh:mm:ss.mmm` as nanoseconds since midnight.
fn nanoseconds(text: &str) -> Result<Ts, Error> {
    let wrong = || Error::new("time", "hh:mm:ss.mmm", text);
    let part = |range: std::ops::Range<usize>, below: u64| -> Option<u64> {
        let digits = text.get(range).filter(|part| part.bytes().all(|b| b.is_ascii_digit()))?;
        digits.parse().ok().filter(|number| *number < below)
    };
    let bytes = text.as_bytes();
    if bytes.len() != 12 || (bytes[2], bytes[5], bytes[8]) != (b':', b':', b'.') {
        return Err(wrong());
    }
    let parts = (part(0..2, 24), part(3..5, 60), part(6..8, 60), part(9..12, 1000));
    let (Some(hours), Some(minutes), Some(seconds), Some(millis)) = parts else {
        return Err(wrong());
    };
    Ok((((hours * 60 + minutes) * 60 + seconds) * 1000 + millis) * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::read_config;

    const ROWS: &str = "600961,295,09:15:00.030,open_call,N,29,B,1000,350400
600961,296,09:25:00.010,open_call,U,0,-,911,0
600961,297,09:30:00.040,cont,I,30,S,818,7000
600961,298,14:57:00.000,close_call,N,31,S,915,700
600961,299,15:00:00.690,close_call,U,0,-,915,0
601825,300,09:15:00.010,open_call,N,32,S,549,100
601825,301,09:15:00.030,open_call,C,32,S,549,100
";

    fn recording(rows: &str) -> Result<Recording, Error> {
        Recording::read("in.csv", &format!("{HEADER}\n{rows}"))
    }

    fn good() -> Recording {
        recording(ROWS).expect("a good file")
    }

    #[test]
    fn rows_become_commands_merged_by_time() {
        let lines: Vec<String> = good()
            .commands()
            .map(|command| String::from_utf8(command.line).expect("UTF-8"))
            .collect();
        let expected = r#"{"ts":33300010000000,"cmd":"order","account":"market","id":"32","symbol":"601825","side":"sell","price":"5.49","qty":"100"}
{"ts":33300030000000,"cmd":"order","account":"market","id":"29","symbol":"600961","side":"buy","price":"10","qty":"350400"}
{"ts":33300030000000,"cmd":"cancel","account":"market","id":"32"}
{"ts":33900010000000,"cmd":"phase","symbol":"600961","phase":"continuous"}
{"ts":34200040000000,"cmd":"order","account":"market","id":"30","symbol":"600961","side":"sell","price":"8.18","qty":"7000","tif":"ioc"}
{"ts":53820000000000,"cmd":"phase","symbol":"600961","phase":"auction"}
{"ts":53820000000000,"cmd":"order","account":"market","id":"31","symbol":"600961","side":"sell","price":"9.15","qty":"700"}
{"ts":54000690000000,"cmd":"phase","symbol":"600961","phase":"closed"}
"#;
        assert_eq!(lines.concat(), expected);
    }

    #[test]
    fn commands_know_their_rows() {
        let seqs: Vec<Option<u64>> = good().commands().map(|command| command.seq).collect();
        let row = [300, 295, 301, 296, 297].map(Some);
        assert_eq!(seqs[..5], row);
        assert_eq!(seqs[5..], [None, Some(298), Some(299)]);
    }

    #[test]
    fn the_configuration_is_one_replay_takes() {
        let spec = read_config("in.toml", &good().config()).expect("a good configuration");
        let symbols: Vec<&str> = spec.instruments.iter().map(|i| i.symbol.as_str()).collect();
        assert_eq!(symbols, ["600961", "601825"]);
        // (8.18 + 10.00) / 2: the previous close whose limits are 8.18 and 10.00.
        assert_eq!(spec.instruments[0].prev_settlement.ticks(), 909);
        assert_eq!(spec.accounts[0].name.as_str(), ACCOUNT);
    }

    #[test]
    fn what_is_no_row_is_refused_by_line_and_column() {
        for (row, expected) in [
            ("600961,1,09:15:00.030,open_call,N,29,B,1000", "in.csv:2: row: expected 9 columns"),
            ("600961,x,09:15:00.030,open_call,N,29,B,1000,1", "in.csv:2: seq: expected a whole"),
            ("600961,1,09:15:60.030,open_call,N,29,B,1000,1", "in.csv:2: time: expected hh:mm"),
            ("600961,1,09:15:00.030,lunch,N,29,B,1000,1", "in.csv:2: phase: expected open_call"),
            ("600961,1,09:15:00.030,open_call,X,29,B,1000,1", "in.csv:2: op: expected N or I"),
            ("600961,1,09:15:00.030,open_call,N,29,-,1000,1", "in.csv:2: side: expected B or S"),
            ("600961,1,09:15:00.030,open_call,N,29,B,-5,1", "in.csv:2: price_cents: expected"),
            ("600961,1,09:15:00.030,cont,U,0,-,5,1", "in.csv:2: op: expected U in open_call"),
            ("", "in.csv:2: row: expected 9 columns"),
        ] {
            let error = recording(&format!("{row}\n")).expect_err(row).to_string();
            assert!(error.starts_with(expected), "{error}");
        }
        assert!(recording("").is_err());
        let header = Recording::read("in.csv", "a,b\n").expect_err("no header").to_string();
        assert!(header.starts_with("in.csv:1: header: expected the header sym,"), "{header}");
    }

    #[test]
    fn time_does_not_run_backwards_within_a_stock() {
        let rows = "A,1,09:15:00.030,cont,N,1,B,5,1\nA,2,09:15:00.029,cont,N,2,B,5,1\n";
        let error = recording(rows).expect_err("time falls").to_string();
        assert!(error.starts_with("in.csv:3: time: expected a time not before"), "{error}");
    }
}
