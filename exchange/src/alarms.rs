//! Timers running out, before the command that comes after them. Source: SEMANTICS 1.

use crate::exchange::Exchange;
use crate::timers::Alarm;
use plimsoll_types::{CancelReason, Phase, Ts};

impl Exchange {
    #[inline]
    pub(crate) fn run_timers(&mut self, ts: Ts) {
        while let Some(due) = self.timers.next_due().filter(|&due| due <= ts) {
            self.run_moment(due, ts);
        }
    }

    /// Runs everything that falls due at one moment, what it sets for the same moment among it.
    #[cold]
    fn run_moment(&mut self, due: Ts, command: Ts) {
        while self.timers.next_due() == Some(due) {
            self.run_alarms(due, command);
        }
        self.attend();
        self.indicate();
    }

    /// Runs the alarms set for one moment, in the order in which they were set.
    fn run_alarms(&mut self, due: Ts, command: Ts) {
        let alarms = self.timers.pop_at(due);
        // From this moment on each of these cases may send its batch, whichever alarm comes first.
        for alarm in &alarms {
            if let Alarm::Batch { case } = alarm
                && self.cases.contains_key(case)
            {
                self.log.now = due;
                self.agenda.insert(*case);
            }
        }
        for alarm in alarms {
            match alarm {
                Alarm::Call { account, serial } => {
                    let call = self.risk.calls.get(&account).copied();
                    let Some(call) = call.filter(|call| call.serial == serial) else { continue };
                    self.log.now = due;
                    self.risk.calls.remove(&account);
                    self.breach(account, call.tier);
                }
                Alarm::Phase { instrument, phase, serial } => {
                    if self.markets[instrument.index()].phase_serial != serial {
                        continue;
                    }
                    self.log.now = due;
                    self.change_phase(instrument, phase);
                    if phase == Phase::Auction {
                        self.auction_after_pause(instrument);
                    }
                }
                Alarm::LimitState { instrument, serial } => {
                    if !self.limit_state_goes_on(instrument, serial) {
                        continue;
                    }
                    self.log.now = due;
                    self.pause_at_limit(instrument);
                }
                Alarm::Begin => self.begin_calendars(command),
                Alarm::Calendar { instrument } => {
                    self.log.now = due;
                    self.step_calendar(instrument);
                }
                Alarm::Mature { instrument } => {
                    if self.markets[instrument.index()].gone {
                        continue;
                    }
                    self.log.now = self.log.now.max(due);
                    self.expire_now(instrument, None);
                }
                Alarm::Schedule { number } => {
                    let Some(row) = self.schedules.remove(&number) else { continue };
                    self.log.now = self.log.now.max(due);
                    self.carry_out_row(&row);
                    self.look();
                }
                Alarm::Expire { instrument, handle } => {
                    if self.markets[instrument.index()].book.find(handle).is_none() {
                        continue;
                    }
                    self.log.now = due;
                    self.take_out(instrument, handle.slot, CancelReason::Expired);
                }
                // A case that has ended has no timer: nothing is to be settled before what comes next.
                Alarm::Batch { case } if !self.cases.contains_key(&case) => continue,
                // On the agenda already.
                Alarm::Batch { .. } => {}
            }
            self.settle();
        }
    }
}
