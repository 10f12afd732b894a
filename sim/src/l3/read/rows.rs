//! From the columns of a batch to rows, each looked at once.

use crate::flow::replayed::Touch;
use crate::l3::Row;
use crate::l3::schema::{self, column};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, Int32Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{Array, DictionaryArray, PrimitiveArray, RecordBatch};
use plimsoll_text::Error;
use plimsoll_text::recorded::Action;
use plimsoll_types::{Label, Phase, Price, Qty, Side, Ts};

/// What is wrong, and in which row of the batch, from 0.
type Wrong = (usize, Error);

/// Appends the rows of a batch.
pub fn read(
    batch: &RecordBatch,
    symbols: &[Label],
    slots: u32,
    rows: &mut Vec<Row>,
) -> Result<(), Wrong> {
    let columns = Columns::of(batch, symbols)
        .ok_or_else(|| (0, Error::new("columns", "the words of the L3 format", "others")))?;
    rows.reserve(batch.num_rows());
    let mut last = 0;
    for at in 0..batch.num_rows() {
        let row = columns.row(at).and_then(|row| check(row, last, slots));
        let row = row.map_err(|error| (at, error))?;
        last = row.ts;
        rows.push(row);
    }
    Ok(())
}

/// The columns of a batch, and what the codes of its words mean.
struct Columns<'a> {
    ts: &'a [u64],
    instrument: Words<'a, UInt16Type, u16>,
    action: Words<'a, UInt8Type, Action>,
    slot: Numbers<'a, UInt32Type>,
    order: Numbers<'a, UInt64Type>,
    side: Words<'a, UInt8Type, Side>,
    price: Numbers<'a, Int32Type>,
    qty: &'a [u64],
    phase: Words<'a, UInt8Type, Phase>,
    bid: Numbers<'a, Int32Type>,
    ask: Numbers<'a, Int32Type>,
    bid_depth: Numbers<'a, UInt64Type>,
    ask_depth: Numbers<'a, UInt64Type>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch, symbols: &[Label]) -> Option<Columns<'a>> {
        let symbols = symbols.iter().map(Label::as_str).zip(0u16..);
        let actions = Action::ALL.iter().map(|action| (action.as_str(), *action));
        let sides = schema::SIDES.iter().map(|side| (side.as_str(), *side));
        let phases = Phase::ALL.iter().map(|phase| (phase.as_str(), *phase));
        Some(Columns {
            ts: Numbers::<UInt64Type>::of(batch, column::TS)?.all()?,
            instrument: Words::of(batch, column::INSTRUMENT, symbols)?,
            action: Words::of(batch, column::ACTION, actions)?,
            slot: Numbers::of(batch, column::SLOT)?,
            order: Numbers::of(batch, column::ORDER)?,
            side: Words::of(batch, column::SIDE, sides)?,
            price: Numbers::of(batch, column::PRICE)?,
            qty: Numbers::<UInt64Type>::of(batch, column::QTY)?.all()?,
            phase: Words::of(batch, column::PHASE, phases)?,
            bid: Numbers::of(batch, column::BID)?,
            ask: Numbers::of(batch, column::ASK)?,
            bid_depth: Numbers::of(batch, column::BID_DEPTH)?,
            ask_depth: Numbers::of(batch, column::ASK_DEPTH)?,
        })
    }

    #[inline]
    fn row(&self, at: usize) -> Result<Row, Error> {
        let ticks = |name: &str, column: &Numbers<'_, Int32Type>| match column.at(at) {
            None => Ok(None),
            Some(ticks) => Price::new(i64::from(ticks))
                .map(Some)
                .ok_or_else(|| Error::new(name, "1 to 1073741824 ticks", &ticks.to_string())),
        };
        let known = self.bid_depth.at(at).zip(self.ask_depth.at(at));
        Ok(Row {
            ts: self.ts[at],
            instrument: self.instrument.at(at)?.ok_or_else(|| missing("instrument"))?,
            action: self.action.at(at)?.ok_or_else(|| missing("action"))?,
            slot: self.slot.at(at),
            order: self.order.at(at),
            side: self.side.at(at)?,
            price: ticks("price", &self.price)?,
            qty: Qty::new(self.qty[at]),
            phase: self.phase.at(at)?,
            touch: match known {
                None => None,
                Some((bid_depth, ask_depth)) => {
                    let (bid, ask) = (ticks("bid", &self.bid)?, ticks("ask", &self.ask)?);
                    Some(Touch { bid, ask, bid_depth, ask_depth })
                }
            },
        })
    }
}

/// A row that means something: what its action needs is there.
#[inline]
fn check(row: Row, last: Ts, slots: u32) -> Result<Row, Error> {
    use Action::{Add, Cancel, Execute, Phase, Reduce, Replace, Take};
    if row.ts < last || row.ts > i64::MAX as u64 {
        return Err(Error::new("ts", "a time not before the last row's", &row.ts.to_string()));
    }
    let action = row.action;
    if matches!(action, Add | Cancel | Reduce | Replace) && row.slot.is_none() {
        return Err(missing("slot"));
    }
    if row.slot.is_some_and(|slot| slot >= slots) {
        return Err(Error::new("slot", "a slot below the file's number of slots", "a higher one"));
    }
    if matches!(action, Add | Take | Execute) && row.side.is_none() {
        return Err(missing("side"));
    }
    if matches!(action, Take | Replace | Execute) && row.price.is_none() {
        return Err(missing("price"));
    }
    let counts = matches!(action, Add | Take | Reduce | Replace | Execute);
    if row.qty > Qty::MAX || counts && row.qty == Qty::ZERO {
        let found = row.qty.lots().to_string();
        return Err(Error::new("qty", "1 to 1099511627775 lots", &found));
    }
    if action == Phase && row.phase.is_none() {
        return Err(missing("phase"));
    }
    Ok(row)
}

fn missing(field: &str) -> Error {
    Error::new(field, "a value", "none")
}

/// A column of numbers.
struct Numbers<'a, T: ArrowPrimitiveType> {
    array: &'a PrimitiveArray<T>,
}

impl<'a, T: ArrowPrimitiveType> Numbers<'a, T> {
    fn of(batch: &'a RecordBatch, column: usize) -> Option<Numbers<'a, T>> {
        Some(Numbers { array: batch.column(column).as_primitive_opt::<T>()? })
    }

    /// The values, where none is missing.
    fn all(self) -> Option<&'a [T::Native]> {
        (self.array.null_count() == 0).then(|| &**self.array.values())
    }

    #[inline]
    fn at(&self, at: usize) -> Option<T::Native> {
        self.array.is_valid(at).then(|| self.array.values()[at])
    }
}

/// A column of words.
struct Words<'a, K: ArrowDictionaryKeyType, V> {
    array: &'a DictionaryArray<K>,
    /// What each code means; `None` for a word that means nothing.
    meanings: Vec<Option<V>>,
}

impl<'a, K: ArrowDictionaryKeyType, V: Copy> Words<'a, K, V> {
    fn of<'w>(
        batch: &'a RecordBatch,
        column: usize,
        known: impl Iterator<Item = (&'w str, V)> + Clone,
    ) -> Option<Words<'a, K, V>> {
        let array = batch.column(column).as_dictionary_opt::<K>()?;
        let words = array.values().as_string_opt::<i32>()?;
        let find = |word: &str| known.clone().find(|(known, _)| *known == word);
        let meanings = words.iter().map(|word| Some(find(word?)?.1)).collect();
        Some(Words { array, meanings })
    }

    #[inline]
    fn at(&self, at: usize) -> Result<Option<V>, Error> {
        let codes = self.array.keys();
        if !codes.is_valid(at) {
            return Ok(None);
        }
        let code = self.array.key(at).and_then(|code| self.meanings.get(code).copied().flatten());
        let unknown = || Error::new("word", "one of the L3 format's", "another one");
        code.map(Some).ok_or_else(unknown)
    }
}
