//! Which engine a handle stands for: a table of gates, each shut while a call works on its engine.
//!
//! A handle is a number: the place of its gate (16 bits) and how often that gate has been used (48 bits). So one that was freed,
//! never issued or made up is refused before any memory of an engine is touched, from whichever thread it comes.

use crate::engine::Engine;
use crate::status::{Fault, Status};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// Most engines that can exist at a time.
pub(crate) const ENGINES_MAX: usize = 4096;

const PLACE_BITS: u32 = 16;

/// An engine's place. On lines of its own, so that engines of different threads do not slow each other down.
#[repr(align(128))]
struct Gate {
    /// The present engine's handle, else 0. Read before the gate is tried, so that a stale handle is told so
    /// also while the gate's next engine works; written with the gate shut only.
    handle: AtomicU64,
    content: Mutex<Content>,
}

struct Content {
    /// How often the gate has been used; the present engine's handle carries it.
    uses: u64,
    engine: Option<Box<Engine>>,
}

static GATES: [Gate; ENGINES_MAX] = [const {
    let content = Mutex::new(Content { uses: 0, engine: None });
    Gate { handle: AtomicU64::new(0), content }
}; ENGINES_MAX];

/// Gates that can be used: those given back, then those from `fresh` on.
static SPARE: Mutex<Spare> = Mutex::new(Spare { given_back: Vec::new(), fresh: 0 });

struct Spare {
    given_back: Vec<usize>,
    fresh: usize,
}

fn spare() -> MutexGuard<'static, Spare> {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cold]
fn stale() -> Fault {
    Fault::new(Status::StaleEngine, "the handle names no engine: never issued, or freed")
}

/// Gives an engine a gate and a handle.
///
/// Errors: [`Status::TooManyEngines`]; the engine is then dropped.
pub(crate) fn open(engine: Engine) -> Result<u64, Fault> {
    let engine = Box::new(engine);
    let place = {
        let mut spare = spare();
        match spare.given_back.pop() {
            Some(place) => place,
            None if spare.fresh < ENGINES_MAX => {
                spare.fresh += 1;
                spare.fresh - 1
            }
            None => {
                let text = format!("{ENGINES_MAX} engines exist; free one first");
                return Err(Fault::new(Status::TooManyEngines, text));
            }
        }
    };
    let gate = &GATES[place];
    let mut content = gate.content.lock().unwrap_or_else(PoisonError::into_inner);
    content.uses += 1;
    content.engine = Some(engine);
    let handle = content.uses << PLACE_BITS | place as u64;
    gate.handle.store(handle, Ordering::Release);
    Ok(handle)
}

/// The gate of a handle that names an engine now.
#[inline]
fn gate_of(handle: u64) -> Result<&'static Gate, Fault> {
    let gate = GATES.get((handle & ((1 << PLACE_BITS) - 1)) as usize).ok_or_else(stale)?;
    if handle == 0 || gate.handle.load(Ordering::Acquire) != handle {
        return Err(stale());
    }
    Ok(gate)
}

/// Lets a call work on the engine of a handle, alone.
///
/// A call that panics leaves the gate poisoned: the engine may be half changed, so nobody works on it again.
/// Errors: [`Status::StaleEngine`], [`Status::Busy`], [`Status::Broken`], or what the call says.
#[inline]
pub(crate) fn with<T>(
    handle: u64,
    call: impl FnOnce(&mut Engine) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let gate = gate_of(handle)?;
    let mut content = match gate.content.try_lock() {
        Ok(content) => content,
        Err(TryLockError::WouldBlock) => {
            return Err(Fault::new(Status::Busy, "another call works on this engine"));
        }
        Err(TryLockError::Poisoned(content)) => {
            let is_it = content.get_ref().uses == handle >> PLACE_BITS;
            let broken = is_it && content.get_ref().engine.is_some();
            let text = "a bug in the library stopped an earlier call halfway; free the engine";
            return Err(if broken { Fault::new(Status::Broken, text) } else { stale() });
        }
    };
    if content.uses != handle >> PLACE_BITS {
        return Err(stale());
    }
    match &mut content.engine {
        Some(engine) => call(engine),
        None => Err(stale()),
    }
}

/// Ends the engine of a handle, a broken one too.
///
/// Errors: [`Status::StaleEngine`], [`Status::Busy`].
pub(crate) fn close(handle: u64) -> Result<(), Fault> {
    let gate = gate_of(handle)?;
    let mut content = match gate.content.try_lock() {
        Ok(content) => content,
        Err(TryLockError::Poisoned(content)) => content.into_inner(),
        Err(TryLockError::WouldBlock) => {
            return Err(Fault::new(Status::Busy, "another call works on this engine"));
        }
    };
    if content.uses != handle >> PLACE_BITS {
        return Err(stale());
    }
    let engine = content.engine.take().ok_or_else(stale)?;
    gate.handle.store(0, Ordering::Release);
    gate.content.clear_poison();
    drop(content);
    spare().given_back.push((handle & ((1 << PLACE_BITS) - 1)) as usize);
    drop(engine);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bare::Bare;
    use crate::engine::Kind;
    use crate::status::answer;

    fn engine() -> Engine {
        Engine::new(Kind::Bare(Box::new(Bare::new(None, 0))))
    }

    #[test]
    fn an_engine_takes_one_call_at_a_time() {
        let handle = open(engine()).expect("a gate");
        let inner = with(handle, |_| Ok((with(handle, |_| Ok(())), close(handle))));
        let (second, freed) = inner.expect("the first call");
        let foreign = with(handle, |_| Ok(with(handle + (1 << PLACE_BITS), |_| Ok(()))));
        let foreign = foreign.expect("the second call").map_err(|fault| fault.status);
        assert_eq!(
            foreign,
            Err(Status::StaleEngine),
            "a stale handle is stale also while another's works"
        );
        assert_eq!(second.map_err(|fault| fault.status), Err(Status::Busy));
        assert_eq!(freed.map_err(|fault| fault.status), Err(Status::Busy));
        assert!(with(handle, |_| Ok(())).is_ok());
        assert!(close(handle).is_ok());
    }

    #[test]
    fn an_engine_that_broke_takes_nothing_but_its_end() {
        let handle = open(engine()).expect("a gate");
        let broken: Status = answer(|| with(handle, |_| panic!("planted")));
        let after = answer(|| with(handle, |_| Ok(Status::Ok)));
        let foreign = answer(|| with(handle + (1 << PLACE_BITS), |_| Ok(Status::Ok)));
        assert_eq!([broken, after, foreign], [Status::Broken, Status::Broken, Status::StaleEngine]);
        assert!(close(handle).is_ok());
        assert_eq!(answer(|| with(handle, |_| Ok(Status::Ok))), Status::StaleEngine);
        let again = open(engine()).expect("a gate");
        assert!(with(again, |_| Ok(())).is_ok(), "a gate that broke is whole again");
        assert!(close(again).is_ok());
    }
}
