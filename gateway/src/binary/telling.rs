//! Batches on their way out: who is told of which event, and what answers a command.

use super::codes::AnswerCode;
use super::encode::{Sight, Teller};
use super::kept::Place;
use super::layout::{Message, flags};
use super::messages::{Answered, SEQUENCE_MAX};
use super::roster::Roster;
use super::sessions::{Sessions, TAG};
use crate::batch::{Answer, Batch, Outcome};
use crate::inbound::UserId;
use plimsoll_types::{AccountId, Event, EventKind, Ts};

struct Eyes<'a> {
    roster: &'a Roster,
    user: UserId,
}

impl Sight for Eyes<'_> {
    #[inline]
    fn owner(&self, account: AccountId) -> AccountId {
        self.roster.owner(account)
    }

    #[inline]
    fn sees(&self, owner: AccountId) -> bool {
        self.roster.sees(self.user, owner)
    }
}

impl Sessions {
    /// A batch came out: every user's messages of it are made, and those who are logged in are told.
    ///
    /// Cost: O(events x users told), no allocation but the growth of what is kept.
    pub fn deliver(&mut self, batch: &Batch, now: Ts) {
        if !batch.accounts.is_empty() || !batch.instruments.is_empty() {
            self.learn(batch, now);
        }
        for (outcome, events) in batch.each() {
            self.outcome(outcome, events, batch.durability as u8, now);
        }
        while let Some(user) = self.touched.pop() {
            let seat = &mut self.seats[user.index()];
            seat.touched = false;
            if let Some(id) = seat.session {
                self.pump(id, now);
                self.bound(id);
            }
        }
    }

    fn outcome(&mut self, outcome: &Outcome, events: &[Event], durability: u8, now: Ts) {
        let asked = outcome.tag >> 56 == TAG >> 56 && outcome.user != UserId::SERVER;
        let sequence = if asked { outcome.tag & SEQUENCE_MAX } else { 0 };
        let asker = outcome.user;
        if asked && outcome.answer == Answer::Done {
            let last = &mut self.roster.sequences[asker.index()];
            *last = sequence.max(*last);
        }
        let mut answer = None;
        for event in events {
            self.roster.last_event = event.seq;
            self.find_audience(asker, event);
            for n in 0..self.audience.len() {
                let user = self.audience[n];
                let answers = if user == asker { sequence } else { 0 };
                let last = self.tell(user, event, answers, durability);
                if answers != 0 && last.is_some() {
                    answer = last;
                }
            }
        }
        if !asked {
            return;
        }
        match (answer, &mut self.seats[asker.index()].kept) {
            (Some(last), Some(kept)) => kept.flag(last, flags::LAST),
            _ => self.answer(outcome, sequence, durability, now),
        }
    }

    /// Users an event is told to, each once.
    #[inline]
    fn find_audience(&mut self, asker: UserId, event: &Event) {
        self.audience.clear();
        match event.kind {
            EventKind::Busted { .. } => {
                self.audience.extend((1..self.seats.len() as u32).map(UserId));
                return;
            }
            EventKind::Rejected { .. } if asker != UserId::SERVER => self.audience.push(asker),
            _ => {}
        }
        let mut somebody = !self.audience.is_empty();
        for account in event.kind.accounts().into_iter().flatten() {
            somebody = true;
            for user in self.roster.circle_of(self.roster.owner(account)) {
                if !self.audience.contains(user) {
                    self.audience.push(*user);
                }
            }
        }
        if somebody {
            for user in self.roster.everywhere() {
                if !self.audience.contains(user) {
                    self.audience.push(*user);
                }
            }
        }
    }

    /// Makes the messages of an event for a user; gives where the last lies.
    #[inline]
    fn tell(&mut self, user: UserId, event: &Event, answers: u64, durability: u8) -> Option<Place> {
        let seat = &mut self.seats[user.index()];
        let kept = seat.kept.as_mut()?;
        let sight = Eyes { roster: &self.roster, user };
        let mut teller = Teller { kept, sight, answers, durability, last: None, part: 0 };
        teller.tell(event);
        let last = teller.last;
        if !seat.touched {
            seat.touched = true;
            self.touched.push(user);
        }
        last
    }

    /// Answers a command that has no event to answer it.
    fn answer(&mut self, outcome: &Outcome, sequence: u64, durability: u8, now: Ts) {
        let Some(id) = self.seats[outcome.user.index()].session else { return };
        // After what came before it.
        self.pump(id, now);
        let Some(session) = self.sessions[id].as_mut() else { return };
        let answer = match outcome.answer {
            Answer::Done => AnswerCode::Done,
            Answer::Copy => AnswerCode::Copy,
        };
        let message = Answered {
            head: Answered::head(),
            sequence: sequence.into(),
            number: outcome.number.into(),
            answer: answer as u8,
            durability,
        };
        session.say(message, now);
        self.list(id);
    }

    #[cold]
    fn learn(&mut self, batch: &Batch, now: Ts) {
        for (user, entry) in self.roster.learn(batch) {
            if let Some(id) = self.seats[user.index()].session
                && let Some(session) = self.sessions[id].as_mut()
            {
                session.say(entry, now);
                self.list(id);
            }
        }
        for (instrument, _) in &batch.instruments {
            let Some(entry) = self.roster.instruments().get(instrument.index()).copied() else {
                continue;
            };
            for id in self.seats.iter().filter_map(|seat| seat.session).collect::<Vec<_>>() {
                if let Some(session) = self.sessions[id].as_mut() {
                    session.say(entry, now);
                    self.list(id);
                }
            }
        }
    }
}
