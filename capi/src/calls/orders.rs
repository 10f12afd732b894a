//! Commands: orders by struct, everything by line.

use crate::engine;
use crate::gate;
use crate::layout::{Cancel, Engine, Order, Receipt, Replace};
use crate::pointers::{self, Place};
use crate::status::{Fault, Status, answer, set_last_error};
use std::ffi::c_char;

/// Carries out a command and hands its receipt over.
#[inline]
fn command(
    engine: Engine,
    receipt: Option<Place<'_, Receipt>>,
    carry_out: impl FnOnce(&mut engine::Engine) -> Result<Receipt, Fault>,
) -> Result<Status, Fault> {
    let done = gate::with(engine, carry_out)?;
    if let Some(mut receipt) = receipt {
        receipt.set(done);
    }
    Ok(if done.reject == 0 { Status::Ok } else { say_rejected(done.reject) })
}

#[cold]
fn say_rejected(reject: u32) -> Status {
    use crate::words::Reject;
    let reasons = plimsoll_types::Reject::ALL.iter();
    let reason = reasons.copied().find(|&reason| Reject::from(reason) as u32 == reject);
    set_last_error(reason.map_or("refused", |reason| reason.detail()));
    Status::Rejected
}

/// Enters an order. Everything it causes happens before the call returns: trades, marks, margin calls, liquidations; timers due at
/// or before its `ts` run first. Events say so; `receipt`, which may be NULL, says what came of the order itself.
///
/// Units: ticks, lots, nanoseconds. Cost: O(orders it meets).
/// PLIMSOLL_STATUS_REJECTED where the exchange refuses it: one `rejected` event and no other trace. Reasons are plimsoll_reject, the first
/// that applies in the order of docs/SEMANTICS.md.
/// Errors, nothing done: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE, engine errors, _TIME_RUNS_BACK, _BAD_VALUE, _NOT_UTF8, _BAD_TEXT (id),
/// _UNSUPPORTED.
///
/// # Safety
///
/// `order` is NULL or points to a plimsoll_order, `receipt` is NULL or points to a plimsoll_receipt, each with its `size` set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_order_submit(
    engine: Engine,
    order: *const Order,
    receipt: *mut Receipt,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let order = unsafe { pointers::read(order) }?;
        // SAFETY: the caller's contract.
        let receipt = unsafe { Place::optional(receipt) }?;
        command(engine, receipt, |engine| engine.submit(&order))
    })
}

/// Cancels a resting order, by handle or by id. A handle of an order that is gone is PLIMSOLL_REJECT_UNKNOWN_ORDER, even where its place
/// is used again.
///
/// Cost: O(1). Otherwise as plimsoll_order_submit.
///
/// # Safety
///
/// `cancel` is NULL or points to a plimsoll_cancel, `receipt` is NULL or points to a plimsoll_receipt, each with its `size` set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_order_cancel(
    engine: Engine,
    cancel: *const Cancel,
    receipt: *mut Receipt,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let cancel = unsafe { pointers::read(cancel) }?;
        // SAFETY: the caller's contract.
        let receipt = unsafe { Place::optional(receipt) }?;
        command(engine, receipt, |engine| engine.cancel(&cancel))
    })
}

/// Changes a resting order, by handle or by id. With the same price and a smaller quantity it keeps its place and its handle; otherwise it
/// enters anew, may trade, and has a new handle: the receipt's `order`.
///
/// Cost: O(orders it meets). Otherwise as plimsoll_order_submit.
///
/// # Safety
///
/// `replace` is NULL or points to a plimsoll_replace, `receipt` is NULL or points to a plimsoll_receipt, each with its `size` set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_order_replace(
    engine: Engine,
    replace: *const Replace,
    receipt: *mut Receipt,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let replace = unsafe { pointers::read(replace) }?;
        // SAFETY: the caller's contract.
        let receipt = unsafe { Place::optional(receipt) }?;
        command(engine, receipt, |engine| engine.replace(&replace))
    })
}

/// Carries out one command in its text form: a JSON object as docs/schema/command.schema.json says, `len` bytes of UTF-8 without a newline.
/// Every command there is can be given so: accounts, deposits, marks, phases, bands, margins, time.
///
/// PLIMSOLL_STATUS_REJECTED and the receipt are as with plimsoll_order_submit. Cost: one pass over the text and the command's own.
/// Errors, nothing done: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE, engine errors, _WRONG_ENGINE (a bare book), _NOT_UTF8, _BAD_TEXT
/// (plimsoll_last_error names the field), _UNSUPPORTED, _TIME_RUNS_BACK.
///
/// # Safety
///
/// `line` points to `len` readable bytes; `receipt` is NULL or points to a plimsoll_receipt whose `size` is set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_line(
    engine: Engine,
    line: *const c_char,
    len: usize,
    receipt: *mut Receipt,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let line = unsafe { pointers::text(line, len, "line") }?;
        // SAFETY: the caller's contract.
        let receipt = unsafe { Place::optional(receipt) }?;
        command(engine, receipt, |engine| engine.line(line.as_bytes()))
    })
}
