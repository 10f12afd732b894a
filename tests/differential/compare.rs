//! The engine's state view against the model's accounts and books.

use crate::model::account::Account;
use crate::model::position::{Leg, Position};
use crate::model::{Model, instrument_id, to_price, to_qty};
use plimsoll_exchange::{AccountView, BookView, OrderView, PositionView, StateView};
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
    let all = 0..model.accounts.len();
    let shown: Vec<usize> =
        all.filter(|&index| model.accounts[index].pocket_of.is_none()).collect();
    same("accounts", engine.accounts.len(), shown.len())?;
    for (view, index) in engine.accounts.iter().zip(shown) {
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
    // The account with its isolated positions.
    let mut all = vec![index];
    all.extend(model.pockets(index));
    let whole = |of: &dyn Fn(usize) -> i128| all.iter().map(|&one| of(one)).sum::<i128>();
    same("name", view.name, account.name)?;
    same("balance", view.balance.units(), whole(&|one| model.balance(one)))?;
    same("equity", view.equity.units(), whole(&|one| model.equity(one)))?;
    same("unrealised", view.unrealised.units(), whole(&|one| model.unrealised(one)))?;
    // What pockets of an earlier profile made is not shown.
    if all.len() == 1 || model.is_isolated(index) {
        same("realised", view.realised.units(), whole(&|one| model.accounts[one].realised))?;
        same("account's fees", view.fees.units(), whole(&|one| model.accounts[one].fees))?;
    }
    let margin = |basis| whole(&|one| model.margin(one, basis));
    same("margin", view.margin.units(), margin(Basis::Initial))?;
    same("maintenance", view.maintenance.units(), margin(Basis::Maintenance))?;
    same("frozen", view.frozen.units(), model.frozen(index))?;
    same("available", view.available.units(), model.available(index))?;
    if !model.unlimited(index) && all.len() == 1 {
        same("measure", view.measure, model.measure(index))?;
    }
    same("tier", view.tier.as_str(), tier_name(model, index).as_str())?;
    same("permission", view.permission, account.permission)?;
    same("debt", view.debt.units(), account.debt)?;
    same("case", view.case, account.case)?;
    let mut expected = Vec::new();
    for &holder in &all {
        let held = model.accounts[holder].positions.iter();
        expected.extend(held.map(|(leg, position)| (*leg, holder, position.clone())));
    }
    expected.sort_by_key(|(leg, ..)| *leg);
    same("positions", view.positions.len(), expected.len())?;
    for (view, (leg, holder, held)) in view.positions.iter().zip(expected) {
        position(view, model, leg, holder, &held)
            .map_err(|text| format!("    position {leg:?}\n{text}"))?;
    }
    same("orders", view.orders.clone(), orders(model, index))
}

fn tier_name(model: &Model, index: usize) -> String {
    match model.accounts[index].tier {
        0 => "normal".to_owned(),
        tier => model.tier(index, tier).name.to_string(),
    }
}

fn position(
    view: &PositionView,
    model: &Model,
    leg: Leg,
    holder: usize,
    held: &Position,
) -> Result<(), String> {
    let instrument = leg.instrument;
    let margin = match model.unlimited(holder) {
        true => 0,
        false => model.position_margin(holder, leg, held, Basis::Initial),
    };
    same("instrument", view.instrument.index(), instrument)?;
    same("lots", i128::from(view.lots), held.lots)?;
    same("today's", i128::from(view.today), held.today())?;
    same("basis", view.basis.units(), held.basis)?;
    same("its margin", view.margin.units(), margin)?;
    same("its result", view.unrealised.units(), model.unrealised_in(holder, leg))?;
    let price = view.liquidation_price;
    let fits = model.fits_liquidation_price(holder, leg, price);
    same("a liquidation price of the right size", (price, fits), (price, true))?;
    let isolated = model.accounts[holder].pocket_of.map(|_| {
        let wallet = Money::new(model.balance(holder));
        (wallet, model.measure(holder), tier_name(model, holder), model.accounts[holder].case)
    });
    let shown = view.isolated.clone();
    let shown = shown.map(|shown| (shown.wallet, shown.measure, shown.tier, shown.case));
    same("its pocket", shown, isolated)
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
