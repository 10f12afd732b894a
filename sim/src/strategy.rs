//! A strategy under test: what it hears, what it may do, and what can go wrong with it.
//!
//! The border is kept plain (owned values, no generics, no named lifetimes), so that a strategy may come from another language.
//! A strategy sees the market late and is heard late: see [`mod@crate::run`] for who hears what when.

pub mod basis;
pub mod desk;
pub mod hunter;
pub mod maker;
pub mod message;
pub mod plan;
pub mod sheet;
pub mod shipped;
pub mod trend;

pub use desk::{Desk, Order, OrderToken, Terms, TimerId, WorkingOrder};
pub use message::{
    AccountStatus, Fill, Liquidation, LiquidationStep, MarginCall, OrderState, OrderUpdate, Quote,
    TradePrint,
};

use std::fmt;

/// Why a strategy cannot go on; ends the run, which keeps what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrategyError(pub String);

impl fmt::Display for StrategyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StrategyError {}

/// Somebody who trades through one account of the exchange, with margin, fees and latency, and who may be liquidated.
///
/// Every callback gets the [`Desk`], which knows what the strategy may know by then and takes its orders. Callbacks come in
/// the order in which their messages arrive; none is called while another runs. The same scenario, seed and strategy give
/// the same run, as long as the strategy decides by what it was told and by [`Desk::random`] alone.
///
/// Errors: each callback may end the run by a [`StrategyError`].
pub trait Strategy: Send {
    /// The market is open. Nothing has been heard yet.
    fn on_start(&mut self, desk: &mut Desk) -> Result<(), StrategyError> {
        let _ = desk;
        Ok(())
    }

    /// The best prices or the mark of an instrument changed.
    fn on_quote(&mut self, desk: &mut Desk, quote: &Quote) -> Result<(), StrategyError> {
        let _ = (desk, quote);
        Ok(())
    }

    /// Somebody traded; own trades are here too.
    fn on_trade(&mut self, desk: &mut Desk, trade: &TradePrint) -> Result<(), StrategyError> {
        let _ = (desk, trade);
        Ok(())
    }

    /// An own order traded, or the exchange traded for the account: a liquidation, a deleveraging.
    fn on_fill(&mut self, desk: &mut Desk, fill: &Fill) -> Result<(), StrategyError> {
        let _ = (desk, fill);
        Ok(())
    }

    /// An own order was accepted, rejected, changed or cancelled.
    fn on_order(&mut self, desk: &mut Desk, update: &OrderUpdate) -> Result<(), StrategyError> {
        let _ = (desk, update);
        Ok(())
    }

    /// A timer set by [`Desk::set_timer`] ran out.
    fn on_timer(&mut self, desk: &mut Desk, timer: TimerId) -> Result<(), StrategyError> {
        let _ = (desk, timer);
        Ok(())
    }

    /// The account is called for margin.
    fn on_margin_call(&mut self, desk: &mut Desk, call: &MarginCall) -> Result<(), StrategyError> {
        let _ = (desk, call);
        Ok(())
    }

    /// A liquidation case moved on: the own account's, or anybody's, as venues publish them.
    fn on_liquidation(
        &mut self,
        desk: &mut Desk,
        liquidation: &Liquidation,
    ) -> Result<(), StrategyError> {
        let _ = (desk, liquidation);
        Ok(())
    }

    /// The account's money changed; [`Desk::account`] has it too.
    fn on_account(&mut self, desk: &mut Desk, status: &AccountStatus) -> Result<(), StrategyError> {
        let _ = (desk, status);
        Ok(())
    }

    /// The run is over; orders sent now go nowhere.
    fn on_stop(&mut self, desk: &mut Desk) -> Result<(), StrategyError> {
        let _ = desk;
        Ok(())
    }
}
