//! Columns being filled: a row is put where it belongs, and what lies between stays null.

use arrow_array::builder::{
    ArrayBuilder as _, BooleanBuilder, Decimal128Builder, PrimitiveBuilder, StringBuilder,
};
use arrow_array::types::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{ArrayRef, DictionaryArray, StringArray};
use arrow_schema::{ArrowError, DataType, Field};
use plimsoll_types::{OrderId, broken};
use std::fmt::Write;
use std::sync::Arc;

/// Digits of a decimal: 38 are as many as there can be, and fewer leave readers room, since a sum of two columns has a digit
/// more than either and a product as many as both and one more.
pub mod digits {
    /// Of prices and quantities: what their product may have, and what 2^30 ticks and 2^40 lots nearly always need.
    pub const PRICE: u8 = 17;
    /// Of quantities.
    pub const QUANTITY: u8 = 20;
    /// Of money.
    pub const MONEY: u8 = 28;
    /// Of shares and multipliers.
    pub const SHARE: u8 = 19;
    /// As many as there can be.
    pub const ALL: u8 = 38;
}

/// What all columns can do. A row without a value is null.
pub trait Column {
    /// Its name and type as a schema says them.
    fn field(&self, name: &str) -> Field;
    /// Fills up with nulls to so many rows.
    fn pad(&mut self, rows: usize);
    /// Hands the rows over and begins anew.
    ///
    /// Errors: a decimal with more digits than its column.
    fn take(&mut self) -> Result<ArrayRef, ArrowError>;
}

/// Whole numbers.
pub struct Numbers<T: ArrowPrimitiveType>(PrimitiveBuilder<T>);

/// Counts and times.
pub type Wholes = Numbers<UInt64Type>;
/// Counts that may lie below zero.
pub type Signed = Numbers<Int64Type>;
/// Ids of accounts and cases, and numbers of batches.
pub type Ids = Numbers<UInt32Type>;

impl<T: ArrowPrimitiveType> Numbers<T> {
    /// An empty column.
    pub fn new() -> Numbers<T> {
        Numbers(PrimitiveBuilder::new())
    }

    /// Puts a value into a row.
    #[inline]
    pub fn put(&mut self, row: usize, value: T::Native) {
        self.pad(row);
        self.0.append_value(value);
    }
}

impl<T: ArrowPrimitiveType> Column for Numbers<T> {
    fn field(&self, name: &str) -> Field {
        Field::new(name, T::DATA_TYPE, !matches!(name, "seq" | "ts"))
    }

    #[inline]
    fn pad(&mut self, rows: usize) {
        if rows > self.0.len() {
            self.0.append_nulls(rows - self.0.len());
        }
    }

    fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.0.finish()))
    }
}

/// Exact decimals with so many digits, of them so many after the point.
pub struct Decimals {
    values: Decimal128Builder,
    digits: u8,
    places: i8,
}

impl Decimals {
    /// An empty column.
    pub fn new((digits, places): (u8, u32)) -> Decimals {
        let places = places as i8;
        let values = Decimal128Builder::new().with_data_type(DataType::Decimal128(digits, places));
        Decimals { values, digits, places }
    }

    /// Puts a value, in units of the last place, into a row.
    #[inline]
    pub fn put(&mut self, row: usize, units: i128) {
        self.pad(row);
        self.values.append_value(units);
    }
}

impl Column for Decimals {
    fn field(&self, name: &str) -> Field {
        Field::new(name, DataType::Decimal128(self.digits, self.places), true)
    }

    #[inline]
    fn pad(&mut self, rows: usize) {
        if rows > self.values.len() {
            self.values.append_nulls(rows - self.values.len());
        }
    }

    fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        let empty = Decimals::new((self.digits, self.places as u32)).values;
        let array = std::mem::replace(&mut self.values, empty).finish();
        array.validate_decimal_precision(self.digits)?;
        Ok(Arc::new(array))
    }
}

/// Codes of words in a list that is known beforehand.
pub struct Coded<K: ArrowDictionaryKeyType> {
    codes: PrimitiveBuilder<K>,
    values: ArrayRef,
}

/// Names of the configuration by their place: symbols, profiles, tiers.
pub type Listed = Coded<UInt16Type>;

impl<K: ArrowDictionaryKeyType> Coded<K> {
    /// An empty column over a list of words.
    pub fn new(values: &ArrayRef) -> Coded<K> {
        Coded { codes: PrimitiveBuilder::new(), values: Arc::clone(values) }
    }

    /// Puts the word at a place of the list into a row.
    #[inline]
    pub fn put(&mut self, row: usize, place: K::Native) {
        self.pad(row);
        self.codes.append_value(place);
    }
}

impl<K: ArrowDictionaryKeyType> Column for Coded<K> {
    fn field(&self, name: &str) -> Field {
        let kind = DataType::Dictionary(Box::new(K::DATA_TYPE), Box::new(DataType::Utf8));
        Field::new(name, kind, true)
    }

    #[inline]
    fn pad(&mut self, rows: usize) {
        if rows > self.codes.len() {
            self.codes.append_nulls(rows - self.codes.len());
        }
    }

    fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        let made = DictionaryArray::try_new(self.codes.finish(), Arc::clone(&self.values));
        match made {
            Ok(array) => Ok(Arc::new(array)),
            Err(error) => broken(format_args!("a code without a word: {error}")),
        }
    }
}

/// Words of a short list that is known beforehand, by themselves.
pub struct Words {
    coded: Coded<UInt8Type>,
    list: Vec<&'static str>,
    /// The word put last, and its code: words come in runs.
    last: (&'static str, u8),
}

impl Words {
    /// An empty column; of equal words the list keeps the first.
    pub fn new(words: impl IntoIterator<Item = &'static str>) -> Words {
        let mut list: Vec<&'static str> = Vec::new();
        for word in words {
            if !list.contains(&word) {
                list.push(word);
            }
        }
        let values: ArrayRef = Arc::new(StringArray::from(list.clone()));
        Words { coded: Coded::new(&values), list, last: ("", 0) }
    }

    /// Puts a word of the list into a row.
    #[inline]
    pub fn put(&mut self, row: usize, word: &'static str) {
        if !std::ptr::eq(word, self.last.0) {
            self.last = (word, self.code(word));
        }
        self.coded.put(row, self.last.1);
    }

    fn code(&self, word: &'static str) -> u8 {
        match self.list.iter().position(|known| *known == word) {
            Some(place) => place as u8,
            None => broken(format_args!("the word {word:?} is not in its column's list")),
        }
    }
}

impl Column for Words {
    fn field(&self, name: &str) -> Field {
        self.coded.field(name)
    }

    #[inline]
    fn pad(&mut self, rows: usize) {
        self.coded.pad(rows);
    }

    fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        self.coded.take()
    }
}

/// Texts of which there is no list.
pub struct Texts(StringBuilder);

impl Texts {
    /// An empty column.
    pub fn new() -> Texts {
        Texts(StringBuilder::new())
    }

    /// Puts a text into a row.
    #[inline]
    pub fn put(&mut self, row: usize, text: &str) {
        self.pad(row);
        self.0.append_value(text);
    }

    /// Puts an order's id into a row, as events.jsonl writes it.
    #[inline]
    pub fn put_id(&mut self, row: usize, id: &OrderId) {
        self.pad(row);
        match id {
            OrderId::Client(label) => self.0.append_value(label.as_str()),
            OrderId::Number(number) => self.put_number(*number),
            OrderId::Liquidation { .. } => {
                // Writing into the builder's memory cannot fail.
                let _ = write!(self.0, "{id}");
                self.0.append_value("");
            }
        }
    }

    /// `#` and the digits.
    fn put_number(&mut self, mut number: u64) {
        let mut text = [0u8; 21];
        let mut start = text.len();
        loop {
            start -= 1;
            text[start] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        start -= 1;
        text[start] = b'#';
        self.0.append_value(std::str::from_utf8(&text[start..]).unwrap_or_default());
    }
}

impl Column for Texts {
    fn field(&self, name: &str) -> Field {
        Field::new(name, DataType::Utf8, true)
    }

    #[inline]
    fn pad(&mut self, rows: usize) {
        for _ in self.0.len()..rows {
            self.0.append_null();
        }
    }

    fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.0.finish()))
    }
}

/// Yes or no.
pub struct Flags(BooleanBuilder);

impl Flags {
    /// An empty column.
    pub fn new() -> Flags {
        Flags(BooleanBuilder::new())
    }

    /// Puts an answer into a row.
    #[inline]
    pub fn put(&mut self, row: usize, flag: bool) {
        self.pad(row);
        self.0.append_value(flag);
    }
}

impl Column for Flags {
    fn field(&self, name: &str) -> Field {
        Field::new(name, DataType::Boolean, true)
    }

    #[inline]
    fn pad(&mut self, rows: usize) {
        if rows > self.0.len() {
            self.0.append_nulls(rows - self.0.len());
        }
    }

    fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.0.finish()))
    }
}
