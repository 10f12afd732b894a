//! The price of a call auction: one for all that crosses. Source: RULES 4.

use plimsoll_types::AuctionCandidates;

/// One side of an auction: lots at market, and levels from the best price.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuctionSide {
    /// Lots without a limit.
    pub market: u128,
    /// Price in ticks and lots, from the best.
    pub levels: Vec<(i64, u128)>,
}

/// Where an auction settles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuctionPrice {
    /// The price, ticks.
    pub price: i64,
    /// Lots that trade.
    pub qty: u128,
    /// Lots left over at the price: above zero on the buy side, below zero on the sell side.
    pub surplus: i128,
}

/// A stretch of prices over which volume and surplus do not change.
#[derive(Clone, Copy)]
struct Stretch {
    low: i64,
    high: i64,
    volume: u128,
    surplus: i128,
}

/// The price of an auction: most volume; then least surplus; then market pressure; then nearest the reference, of two
/// equally near the higher; without a reference the highest. Only market orders: the reference.
///
/// `None` where nothing trades. Cost: O(levels x log levels). Source: RULES 4.
pub fn auction_price(
    bids: &AuctionSide,
    asks: &AuctionSide,
    reference: Option<i64>,
    candidates: AuctionCandidates,
) -> Option<AuctionPrice> {
    if bids.levels.is_empty() && asks.levels.is_empty() {
        let qty = bids.market.min(asks.market);
        let surplus = bids.market as i128 - asks.market as i128;
        return reference.filter(|_| qty > 0).map(|price| AuctionPrice { price, qty, surplus });
    }
    let mut stretches = stretches(bids, asks, candidates);
    let volume = stretches.iter().map(|s| s.volume).max().filter(|&volume| volume > 0)?;
    stretches.retain(|s| s.volume == volume);
    let least = stretches.iter().map(|s| s.surplus.unsigned_abs()).min()?;
    stretches.retain(|s| s.surplus.unsigned_abs() == least);
    let chosen = if stretches.iter().all(|s| s.surplus > 0) {
        stretches.iter().map(|s| (s.high, s)).max_by_key(|(price, _)| *price)
    } else if stretches.iter().all(|s| s.surplus < 0) {
        stretches.iter().map(|s| (s.low, s)).min_by_key(|(price, _)| *price)
    } else if let Some(reference) = reference {
        let near = |s: &Stretch| reference.clamp(s.low, s.high);
        stretches
            .iter()
            .map(|s| (near(s), s))
            .min_by_key(|(price, _)| (price.abs_diff(reference), std::cmp::Reverse(*price)))
    } else {
        stretches.iter().map(|s| (s.high, s)).max_by_key(|(price, _)| *price)
    };
    chosen.map(|(price, s)| AuctionPrice { price, qty: s.volume, surplus: s.surplus })
}

/// Every candidate price, in stretches of equal outcome.
fn stretches(
    bids: &AuctionSide,
    asks: &AuctionSide,
    candidates: AuctionCandidates,
) -> Vec<Stretch> {
    let mut prices: Vec<i64> = bids.levels.iter().chain(&asks.levels).map(|l| l.0).collect();
    prices.sort_unstable();
    prices.dedup();
    let mut demand = bids.market + bids.levels.iter().map(|l| l.1).sum::<u128>();
    let mut supply = asks.market;
    let mut bid_levels = bids.levels.iter().rev().peekable();
    let mut ask_levels = asks.levels.iter().peekable();
    let mut found = Vec::with_capacity(2 * prices.len());
    let stretch = |low, high, demand: u128, supply: u128| Stretch {
        low,
        high,
        volume: demand.min(supply),
        surplus: demand as i128 - supply as i128,
    };
    for (i, &price) in prices.iter().enumerate() {
        while let Some((_, qty)) = ask_levels.next_if(|l| l.0 <= price) {
            supply += qty;
        }
        found.push(stretch(price, price, demand, supply));
        while let Some((_, qty)) = bid_levels.next_if(|l| l.0 <= price) {
            demand -= qty;
        }
        if let (AuctionCandidates::Ticks, Some(&next)) = (candidates, prices.get(i + 1))
            && next > price + 1
        {
            found.push(stretch(price + 1, next - 1, demand, supply));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(levels: &[(u128, i64)]) -> AuctionSide {
        AuctionSide { market: 0, levels: levels.iter().map(|&(qty, price)| (price, qty)).collect() }
    }

    /// Every price between the limits, tried one by one.
    fn naive(bids: &AuctionSide, asks: &AuctionSide, reference: i64, ticks: bool) -> Option<i64> {
        let limits: Vec<i64> = bids.levels.iter().chain(&asks.levels).map(|l| l.0).collect();
        let (low, high) = (*limits.iter().min()?, *limits.iter().max()?);
        let mut table: Vec<(i64, i128, i128)> = Vec::new();
        for price in (low..=high).filter(|p| ticks || limits.contains(p)) {
            let demand = bids.market
                + bids.levels.iter().filter(|l| l.0 >= price).map(|l| l.1).sum::<u128>();
            let supply = asks.market
                + asks.levels.iter().filter(|l| l.0 <= price).map(|l| l.1).sum::<u128>();
            table.push((price, demand.min(supply) as i128, demand as i128 - supply as i128));
        }
        let volume = table.iter().map(|t| t.1).max().filter(|v| *v > 0)?;
        table.retain(|t| t.1 == volume);
        let least = table.iter().map(|t| t.2.abs()).min()?;
        table.retain(|t| t.2.abs() == least);
        if table.iter().all(|t| t.2 > 0) {
            return table.iter().map(|t| t.0).max();
        }
        if table.iter().all(|t| t.2 < 0) {
            return table.iter().map(|t| t.0).min();
        }
        table.iter().map(|t| t.0).min_by_key(|p| ((p - reference).abs(), -p))
    }

    #[test]
    fn rules_4_the_published_examples() {
        for (bids, asks, price) in [
            (
                &[(200, 202), (200, 201), (300, 200)][..],
                &[(400, 197), (200, 198), (100, 200)][..],
                Some(200),
            ),
            (&[(400, 202), (200, 201)], &[(200, 198), (300, 199)], Some(201)),
            (&[(300, 202), (200, 201)], &[(200, 198), (400, 199)], Some(199)),
            (&[(80, 199)], &[(80, 201)], None),
        ] {
            for candidates in [AuctionCandidates::Ticks, AuctionCandidates::Limits] {
                let found = auction_price(&side(bids), &side(asks), None, candidates);
                assert_eq!(found.map(|a| a.price), price);
            }
        }
    }

    #[test]
    fn only_market_orders_trade_at_the_reference() {
        let market = |market| AuctionSide { market, levels: vec![] };
        let found = auction_price(&market(900), &market(800), Some(199), AuctionCandidates::Limits);
        assert_eq!(found, Some(AuctionPrice { price: 199, qty: 800, surplus: 100 }));
        assert_eq!(auction_price(&market(9), &market(8), None, AuctionCandidates::Ticks), None);
        assert_eq!(auction_price(&market(9), &market(0), Some(1), AuctionCandidates::Ticks), None);
    }

    #[test]
    fn stretches_agree_with_every_tick_tried() {
        let mut state = 5u64;
        let mut draw = |n: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        for _ in 0..20_000 {
            let mut make = |best_first: bool| {
                let mut prices: Vec<i64> = (0..draw(4)).map(|_| 90 + draw(20) as i64).collect();
                prices.sort_unstable();
                prices.dedup();
                if best_first {
                    prices.reverse();
                }
                let levels = prices.into_iter().map(|p| (p, u128::from(1 + draw(4)))).collect();
                AuctionSide { market: u128::from(draw(3)), levels }
            };
            let (bids, asks) = (make(true), make(false));
            if bids.levels.is_empty() && asks.levels.is_empty() {
                continue;
            }
            let reference = 85 + draw(30) as i64;
            for (candidates, ticks) in
                [(AuctionCandidates::Ticks, true), (AuctionCandidates::Limits, false)]
            {
                let found =
                    auction_price(&bids, &asks, Some(reference), candidates).map(|a| a.price);
                assert_eq!(
                    found,
                    naive(&bids, &asks, reference, ticks),
                    "{bids:?} {asks:?} {reference}"
                );
            }
        }
    }
}
