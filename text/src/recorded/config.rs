//! The configuration that recorded commands are replayed with.

use super::{MARKET, TAKER};
use crate::decimal::write_scaled;
use crate::json::write_string;
use crate::r#where::Error;
use plimsoll_types::{Label, Price};

/// Most decimals of money that a configuration takes.
const MONEY_DECIMALS_MAX: u32 = 8;

/// An instrument of a recording. Prices are counted in units of 10^-`decimals`, as the recording counts them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Its symbol.
    pub symbol: Label,
    /// Places after the point of a recorded price.
    pub decimals: u32,
    /// Tick size.
    pub tick: i64,
    /// What commands add to a recorded price, a multiple of the tick; not zero only where prices reach zero or less.
    pub shift: i64,
    /// Stands in for the previous settlement: the first mark and the reference of a call auction, nothing else.
    pub reference: i64,
}

impl Listing {
    /// A listing whose prices run from `lowest` to `highest`, all of them multiples of `tick`.
    ///
    /// Books hold prices of one tick and more. Where the recording goes below that (calendar spreads do), all its
    /// prices are moved up by the least power of ten that is enough and is a multiple of the tick, or else by a
    /// multiple of the tick: profits, which are differences, stay as they are.
    /// Errors: prices too far apart for the tick, said of the highest.
    pub fn new(
        symbol: Label,
        decimals: u32,
        tick: i64,
        (lowest, highest): (i64, i64),
        reference: i64,
    ) -> Result<Listing, Error> {
        let tick = tick.max(1);
        let shift = shift(tick, lowest);
        let ticks = (i128::from(highest) + i128::from(shift)) / i128::from(tick);
        if ticks > i128::from(Price::MAX.ticks()) {
            let (mut found, mut step) = (Vec::new(), Vec::new());
            write_scaled(&mut found, i128::from(highest), decimals);
            write_scaled(&mut step, i128::from(tick), decimals);
            let expected = format!(
                "prices within {} ticks of {}, the largest step that all of them are multiples of",
                Price::MAX.ticks(),
                String::from_utf8_lossy(&step)
            );
            return Err(Error::new("price", expected, &String::from_utf8_lossy(&found)));
        }
        let rounded =
            reference.div_euclid(tick) + i64::from(2 * reference.rem_euclid(tick) >= tick);
        let reference = (rounded * tick).max(tick - shift);
        Ok(Listing { symbol, decimals, tick, shift, reference })
    }

    /// A recorded price in ticks.
    pub fn ticks(&self, price: i64) -> Price {
        Price::clamped((price + self.shift) / self.tick)
    }

    fn write(&self, text: &mut String) {
        let decimal = |mantissa: i64| {
            let mut digits = Vec::new();
            write_scaled(&mut digits, i128::from(mantissa), self.decimals);
            String::from_utf8_lossy(&digits).into_owned()
        };
        if self.shift != 0 {
            text.push_str(&format!(
                "\n# Recorded prices plus {}: some are zero or less.",
                decimal(self.shift)
            ));
        }
        let mut symbol = Vec::new();
        write_string(&mut symbol, self.symbol.as_bytes());
        let places = self.places();
        let multiplier = 10u64.pow(places.saturating_sub(MONEY_DECIMALS_MAX));
        text.push_str(&format!(
            "\n[[instrument]]\nsymbol = {}\nkind = \"future\"\ntick_size = \"{}\"\nlot_size = \"1\"\n\
             multiplier = \"{multiplier}\"\nprev_settlement = \"{}\"\nmargin_initial = \"0\"\n\
             margin_maintenance = \"0\"\nauction_candidates = \"limits\"\n",
            String::from_utf8_lossy(&symbol),
            decimal(self.tick),
            decimal(self.reference + self.shift),
        ));
    }

    /// Places after the point that the tick needs.
    fn places(&self) -> u32 {
        let (mut tick, mut places) = (self.tick, self.decimals);
        while places > 0 && tick % 10 == 0 {
            tick /= 10;
            places -= 1;
        }
        places
    }
}

/// What to add so that `lowest` becomes at least one tick.
fn shift(tick: i64, lowest: i64) -> i64 {
    if lowest >= tick {
        return 0;
    }
    let least = tick - lowest;
    let powers = (0..=18).map(|power| 10i64.pow(power));
    powers.filter(|power| power % tick == 0).find(|power| *power >= least).unwrap_or_else(|| {
        // A tick that divides no power of ten.
        (least + tick - 1) / tick * tick
    })
}

/// The configuration of such instruments, with the two accounts of a recording.
///
/// Money has the places that a tick needs, at least two; where that would be more than eight, the multiplier makes up
/// for it. There are no margins, no fees and no price limits.
pub fn write_config(currency: &str, listings: &[Listing]) -> String {
    let places = listings.iter().map(Listing::places).max().unwrap_or(0);
    let mut text = format!(
        "[exchange]\ncurrency = \"{currency}\"\nmoney_decimals = {}\n",
        places.clamp(2, MONEY_DECIMALS_MAX)
    );
    for account in [MARKET, TAKER] {
        text.push_str(&format!("\n[[account]]\nname = \"{account}\"\nprofile = \"unlimited\"\n"));
    }
    for listing in listings {
        listing.write(&mut text);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::read_config;
    use crate::recorded::lines::name;

    fn listing(decimals: u32, tick: i64, prices: (i64, i64)) -> Result<Listing, Error> {
        Listing::new(name("X"), decimals, tick, prices, prices.0)
    }

    #[test]
    fn prices_that_reach_zero_are_moved_up_by_a_power_of_ten() {
        // A spread in quarters from -12.5 to 3: 100 is the least power of ten above 12.75.
        let spread = listing(9, 250_000_000, (-12_500_000_000, 3_000_000_000)).expect("good");
        assert_eq!(spread.shift, 100_000_000_000);
        assert_eq!(spread.ticks(-12_500_000_000).ticks(), 350);
        let text = write_config("USD", &[spread]);
        assert!(text.contains("# Recorded prices plus 100:"), "{text}");
        let spec = read_config("x.toml", &text).expect("a good configuration");
        assert_eq!(spec.instruments[0].prev_settlement.ticks(), 350);
    }

    #[test]
    fn a_tick_that_divides_no_power_of_ten_moves_by_itself() {
        assert_eq!(listing(0, 3, (-4, 2)).expect("good").shift, 9);
        assert_eq!(listing(0, 3, (3, 6)).expect("good").shift, 0);
    }

    #[test]
    fn a_reference_is_rounded_to_the_tick_half_up() {
        let at = |reference| Listing::new(name("X"), 2, 10, (10, 90), reference).expect("good");
        assert_eq!((at(44).reference, at(45).reference, at(1).reference), (40, 50, 10));
    }

    #[test]
    fn ticks_of_nine_places_are_made_whole_by_the_multiplier() {
        // 1/512 = 0.001953125: nine places, one more than money has.
        let fine = listing(9, 1_953_125, (1_953_125, 3_906_250)).expect("good");
        let text = write_config("USD", &[fine]);
        assert!(text.contains("multiplier = \"10\""), "{text}");
        let spec = read_config("x.toml", &text).expect("a good configuration");
        assert_eq!(spec.accounts.len(), 2);
    }

    #[test]
    fn prices_too_far_apart_are_refused() {
        let error = listing(9, 1, (1, 5_000_000_000)).expect_err("too far").to_string();
        assert!(
            error.contains("expected prices within 1073741824 ticks of 0.000000001"),
            "{error}"
        );
        assert!(error.ends_with("found 5"), "{error}");
    }
}
