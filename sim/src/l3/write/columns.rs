//! The columns of a batch while it is being filled.

use crate::flow::replayed::Touch;
use crate::l3::schema::{self, column};
use arrow_array::builder::{
    Int32Builder, UInt8Builder, UInt16Builder, UInt32Builder, UInt64Builder,
};
use arrow_array::types::{ArrowDictionaryKeyType, UInt8Type, UInt16Type};
use arrow_array::{ArrayRef, DictionaryArray, PrimitiveArray, StringArray};
use arrow_schema::ArrowError;
use plimsoll_text::recorded::Input;
use plimsoll_types::Price;
use std::sync::Arc;

/// The words that codes stand for.
pub struct Words {
    instruments: ArrayRef,
    actions: ArrayRef,
    sides: ArrayRef,
    phases: ArrayRef,
}

impl Words {
    /// All of them, these instruments among them.
    pub fn new(symbols: &[&str]) -> Words {
        let array = |words: Vec<&str>| -> ArrayRef { Arc::new(StringArray::from(words)) };
        Words {
            instruments: array(symbols.to_vec()),
            actions: array(schema::action_words()),
            sides: array(schema::SIDES.iter().map(|side| side.as_str()).collect()),
            phases: array(schema::phase_words()),
        }
    }
}

/// The columns of the batch being filled.
#[derive(Default)]
pub struct Columns {
    rows: usize,
    ts: UInt64Builder,
    instrument: UInt16Builder,
    action: UInt8Builder,
    slot: UInt32Builder,
    order: UInt64Builder,
    side: UInt8Builder,
    price: Int32Builder,
    qty: UInt64Builder,
    phase: UInt8Builder,
    bid: Int32Builder,
    ask: Int32Builder,
    bid_depth: UInt64Builder,
    ask_depth: UInt64Builder,
}

impl Columns {
    /// Rows so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Adds a row.
    pub fn push(
        &mut self,
        input: &Input,
        instrument: u16,
        (slot, order): (Option<u32>, Option<u64>),
        touch: Option<Touch>,
    ) {
        // Prices have at most 31 bits.
        let ticks = |price: Option<Price>| price.map(|price| price.ticks() as i32);
        self.rows += 1;
        self.ts.append_value(input.ts);
        self.instrument.append_value(instrument);
        self.action.append_value(input.action as u8);
        self.slot.append_option(slot);
        self.order.append_option(order);
        self.side.append_option(input.side.map(|side| side as u8));
        self.price.append_option(ticks(input.price));
        self.qty.append_value(input.qty.lots());
        self.phase.append_option(input.phase.map(|phase| phase as u8));
        self.bid.append_option(touch.and_then(|touch| ticks(touch.bid)));
        self.ask.append_option(touch.and_then(|touch| ticks(touch.ask)));
        self.bid_depth.append_option(touch.map(|touch| touch.bid_depth));
        self.ask_depth.append_option(touch.map(|touch| touch.ask_depth));
    }

    /// The columns so far; they are empty afterwards.
    pub fn finish(&mut self, words: &Words) -> Result<Vec<ArrayRef>, ArrowError> {
        self.rows = 0;
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(column::COUNT);
        arrays.push(Arc::new(self.ts.finish()));
        let instruments = self.instrument.finish();
        arrays.push(worded::<UInt16Type>(instruments, &words.instruments)?);
        arrays.push(worded::<UInt8Type>(self.action.finish(), &words.actions)?);
        arrays.push(Arc::new(self.slot.finish()));
        arrays.push(Arc::new(self.order.finish()));
        arrays.push(worded::<UInt8Type>(self.side.finish(), &words.sides)?);
        arrays.push(Arc::new(self.price.finish()));
        arrays.push(Arc::new(self.qty.finish()));
        arrays.push(worded::<UInt8Type>(self.phase.finish(), &words.phases)?);
        arrays.push(Arc::new(self.bid.finish()));
        arrays.push(Arc::new(self.ask.finish()));
        arrays.push(Arc::new(self.bid_depth.finish()));
        arrays.push(Arc::new(self.ask_depth.finish()));
        Ok(arrays)
    }
}

/// Codes with their words.
fn worded<K: ArrowDictionaryKeyType>(
    codes: PrimitiveArray<K>,
    words: &ArrayRef,
) -> Result<ArrayRef, ArrowError> {
    Ok(Arc::new(DictionaryArray::<K>::try_new(codes, Arc::clone(words))?))
}
