//! The engine's state view against the model's accounts and books.

use crate::model::account::Account;
use crate::model::{Model, instrument_id, to_price, to_qty};
use plimsoll_exchange::{AccountView, BookView, OrderView, StateView};
use plimsoll_types::*;
use std::fmt::Debug;

/// One value of both sides.
fn same<T: PartialEq + Debug>(what: &str, engine: T, model: T) -> Result<(), String> {
    if engine == model {
        return Ok(());
    }
    Err(format!("    state: {what}\n    ENGINE {engine:?}\n    MODEL  {model:?}\n"))
}

pub fn states(engine: &StateView, model: &Model) -> Result<(), String> {
    same("seq", engine.seq, model.seq)?;
    same("ts", engine.ts, model.now)?;
    same("fund", engine.insurance_fund.units(), model.fund)?;
    same("fees", engine.fees.units(), model.fees)?;
    same("deposits", engine.deposits.units(), model.deposits)?;
    same("withdrawals", engine.withdrawals.units(), model.withdrawals)?;
    same("written off", engine.written_off.units(), model.written_off)?;
    same("accounts", engine.accounts.len(), model.accounts.len())?;
    for (index, view) in engine.accounts.iter().enumerate() {
        account(view, model, index).map_err(|text| format!("    account {index}\n{text}"))?;
    }
    let listed: Vec<usize> = engine.books.iter().map(|book| book.instrument.index()).collect();
    same("books", listed, model.live())?;
    for view in &engine.books {
        let index = view.instrument.index();
        book(view, model, index).map_err(|text| format!("    book {index}\n{text}"))?;
    }
    Ok(())
}

fn account(view: &AccountView, model: &Model, index: usize) -> Result<(), String> {
    let account: &Account = &model.accounts[index];
    same("name", view.name, account.name)?;
    same("balance", view.balance.units(), model.balance(index))?;
    same("equity", view.equity.units(), model.equity(index))?;
    same("unrealised", view.unrealised.units(), model.unrealised(index))?;
    same("realised", view.realised.units(), account.realised)?;
    same("account's fees", view.fees.units(), account.fees)?;
    same("margin", view.margin.units(), model.margin(index, Basis::Initial))?;
    same("maintenance", view.maintenance.units(), model.margin(index, Basis::Maintenance))?;
    same("frozen", view.frozen.units(), model.frozen(index))?;
    same("available", view.available.units(), model.available(index))?;
    if !model.unlimited(index) {
        same("measure", view.measure, model.measure(index))?;
    }
    let tier = match account.tier {
        0 => "normal",
        tier => model.profile(index).tiers[usize::from(tier) - 1].name.as_str(),
    };
    same("tier", view.tier.as_str(), tier)?;
    same("permission", view.permission, account.permission)?;
    same("debt", view.debt.units(), account.debt)?;
    same("case", view.case, account.case)?;
    for position in &view.positions {
        let (instrument, price) = (position.instrument.index(), position.liquidation_price);
        let fits = model.fits_liquidation_price(index, instrument, price);
        same("a liquidation price of the right size", (price, fits), (price, true))?;
    }
    let positions = view.positions.iter().map(|position| {
        let amounts =
            (position.basis.units(), position.margin.units(), position.unrealised.units());
        let today = i128::from(position.today);
        (position.instrument.index(), i128::from(position.lots), today, amounts)
    });
    let expected = account.positions.iter().map(|(&instrument, position)| {
        let margin = if model.unlimited(index) {
            0
        } else {
            model.margin_of_lots(Basis::Initial, instrument, position.lots.abs())
        };
        let amounts = (position.basis, margin, model.unrealised_in(index, instrument));
        let today = position.lots.abs() - position.carried;
        (instrument, position.lots, today, amounts)
    });
    same("positions", positions.collect::<Vec<_>>(), expected.collect::<Vec<_>>())?;
    same("orders", view.orders.clone(), orders(model, index))
}

fn orders(model: &Model, account: usize) -> Vec<OrderView> {
    let mut views = Vec::new();
    for (instrument, book) in model.books.iter().enumerate() {
        let mut own: Vec<_> = book.open().filter(|order| order.account == account).collect();
        own.sort_by_key(|order| order.entry);
        views.extend(own.into_iter().map(|order| OrderView {
            id: order.id,
            instrument: instrument_id(instrument),
            side: order.side,
            price: order.price.map(to_price),
            open: to_qty(order.qty),
            trigger: order.trigger.map(to_price),
            display: to_qty(order.display),
            shown: to_qty(order.shown),
        }));
    }
    views
}

fn book(view: &BookView, model: &Model, index: usize) -> Result<(), String> {
    let book = &model.books[index];
    same("phase", view.phase, book.phase)?;
    same("band", view.band, book.band)?;
    same("mark", view.mark, book.mark)?;
    same("last", view.last, book.last)?;
    for (side, engine) in [(Side::Buy, &view.bids), (Side::Sell, &view.asks)] {
        let levels =
            book.levels(side).into_iter().map(|(price, qty)| (to_price(price), to_qty(qty)));
        same(side.as_str(), engine.clone(), levels.collect())?;
    }
    Ok(())
}
