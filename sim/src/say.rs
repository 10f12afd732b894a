//! Numbers for people and machines: exact decimals, grouped thousands, short amounts, times of day.

use crate::flow::recorded::DAY;
use crate::scenario::reader::SECOND;
use plimsoll_text::decimal::{write_money, write_price, write_qty};
use plimsoll_types::{InstrumentSpec, Money, Price, Qty, Step, Ts, half_up_div};

/// The scales of one scenario's numbers.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Places of a money unit.
    pub money_decimals: u32,
    /// Price step.
    pub tick: Step,
    /// Quantity step.
    pub lot: Step,
    /// Places prices are padded to.
    pub price_decimals: u32,
}

impl Scale {
    /// That of an instrument in a currency of so many decimals.
    pub fn new(money_decimals: u32, spec: &InstrumentSpec) -> Scale {
        let (tick, lot) = (spec.tick_size, spec.lot_size);
        Scale { money_decimals, tick, lot, price_decimals: tick.decimals }
    }

    /// Money, exactly.
    pub fn money(&self, money: Money) -> String {
        text(|out| write_money(out, money, self.money_decimals))
    }

    /// A quantity, exactly.
    pub fn lots(&self, lots: u64) -> String {
        text(|out| write_qty(out, Qty::new(lots), self.lot))
    }

    /// A price, exactly.
    pub fn price(&self, price: Price) -> String {
        text(|out| write_price(out, price, self.tick))
    }

    /// A price to draw.
    pub fn price_plain(&self, price: Price) -> f64 {
        let scale = 10f64.powi(self.tick.decimals as i32);
        (price.ticks() * self.tick.mantissa) as f64 / scale
    }

    /// A mean of prices in ticks, to draw.
    pub fn ticks_plain(&self, ticks: f64) -> f64 {
        ticks * self.tick.mantissa as f64 / 10f64.powi(self.tick.decimals as i32)
    }

    /// Money to draw, in whole units of the currency.
    pub fn money_plain(&self, money: Money) -> f64 {
        money.units() as f64 / 10f64.powi(self.money_decimals as i32)
    }

    /// Money in three or four digits: `2.41 m`, `87.5 k`, `930`.
    pub fn short(&self, money: Money) -> String {
        let unit = 10i128.pow(self.money_decimals);
        let (sign, units) =
            if money.units() < 0 { ("-", -money.units()) } else { ("", money.units()) };
        let steps = [(1_000_000_000, "bn"), (1_000_000, "m"), (1_000, "k")];
        let found = steps.iter().find(|(size, _)| units >= size * unit);
        let Some((size, letter)) = found else {
            return format!("{sign}{}", half_up_div(units, unit));
        };
        let places = match units / (size * unit) {
            0..10 => 2,
            10..100 => 1,
            _ => 0,
        };
        let digits = half_up_div(units * 10i128.pow(places), size * unit);
        format!("{sign}{} {letter}", padded(digits, places))
    }
}

fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// `digits x 10^-places` with all its places.
pub fn padded(digits: i128, places: u32) -> String {
    let scale = 10i128.pow(places);
    let (sign, digits) = if digits < 0 { ("-", -digits) } else { ("", digits) };
    match places {
        0 => format!("{sign}{digits}"),
        _ => {
            format!("{sign}{}.{:0width$}", digits / scale, digits % scale, width = places as usize)
        }
    }
}

/// `n / d` to so many places, half up; `None` where `d` is zero.
pub fn quotient(n: i64, d: u64, places: u32) -> Option<String> {
    let (n, d) = (i128::from(n) * 10i128.pow(places), i128::from(d));
    (d > 0).then(|| padded(half_up_div(n, d), places))
}

/// A share in per cent with one place.
pub fn percent(n: i64, d: i64) -> String {
    quotient(n * 100, d.max(1) as u64, 1).unwrap_or_default()
}

/// A share of an amount above zero, in per cent with one place.
pub fn share(part: Money, whole: Money) -> String {
    padded(half_up_div(part.units() * 1000, whole.units().max(1)), 1)
}

/// A whole number with its thousands apart.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 case`, `2 cases`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A time of day: `09:30:00`.
pub fn time(ts: Ts) -> String {
    let seconds = ts % DAY / SECOND;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A span of time: `42 s`, `3 min 10 s`, `2 h 5 min`.
pub fn span(span: Ts) -> String {
    let seconds = span / SECOND;
    match seconds {
        0..60 if !span.is_multiple_of(SECOND) && seconds < 10 => {
            format!("{}.{} s", seconds, span % SECOND / (SECOND / 10))
        }
        0..60 => format!("{seconds} s"),
        60..3600 if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ if (seconds / 60).is_multiple_of(60) => format!("{} h", seconds / 3600),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let one = Step { mantissa: 1, decimals: 0 };
        let scale = Scale {
            money_decimals: 2,
            tick: Step { mantissa: 2, decimals: 1 },
            lot: one,
            price_decimals: 1,
        };
        assert_eq!(scale.money(Money::new(-1050)), "-10.5");
        assert_eq!(scale.price(Price::clamped(26_157)), "5231.4");
        assert_eq!(scale.short(Money::new(241_499_999)), "2.41 m");
        assert_eq!(scale.short(Money::new(8_754_000)), "87.5 k");
        assert_eq!(scale.short(Money::new(-93_000)), "-930");
        assert_eq!((grouped(1), grouped(1_234_567)), ("1".to_owned(), "1,234,567".to_owned()));
        assert_eq!(quotient(-7, 2, 1).as_deref(), Some("-3.5"));
        assert_eq!(quotient(1, 0, 1), None);
        assert_eq!(
            (span(42 * SECOND), span(190 * SECOND)),
            ("42 s".to_owned(), "3 min 10 s".to_owned())
        );
        assert_eq!(time(DAY + 34_200 * SECOND), "09:30:00");
    }
}
