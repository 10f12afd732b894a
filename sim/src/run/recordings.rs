//! Markets recorded order by order: opened before a run, seated with its other agents.

use super::Run;
#[cfg(feature = "arrow")]
use super::Seated;
use super::market::Market;
#[cfg(feature = "arrow")]
use crate::flow::l3::Playing;
use crate::scenario::Scenario;
#[cfg(feature = "arrow")]
use crate::scenario::reader::SECOND;
use plimsoll_text::Error;
#[cfg(feature = "arrow")]
use plimsoll_types::Label;

/// The recordings of a run, before their agents take them.
#[derive(Default)]
pub struct Recordings {
    #[cfg(feature = "arrow")]
    playing: Vec<Playing>,
}

#[cfg(feature = "arrow")]
impl Recordings {
    /// Opens what a scenario names, and tells the markets when and where they begin.
    ///
    /// Errors: what cannot be read or does not fit the scenario.
    pub fn gather(scenario: &Scenario, markets: &mut [Market]) -> Result<Recordings, Error> {
        let playing = Playing::gather(scenario)?;
        for (instrument, price, times) in playing.iter().flat_map(Playing::openings) {
            let market = &mut markets[instrument.index()];
            market.recorded = Some((times.0, times.1.saturating_add(SECOND)));
            market.price = price.unwrap_or(market.price);
        }
        Ok(Recordings { playing })
    }

    /// Gives each its accounts.
    pub(super) fn seat(self, run: &mut Run<'_>) {
        for playing in self.playing {
            let Some((instrument, _, (from, _))) = playing.openings().next() else { continue };
            // The exchange of a converted recording has accounts of its own for `replay`.
            let is_free = |name: &String| {
                Label::new(name).is_some_and(|name| run.exchange.account_id(&name).is_none())
            };
            let name = |name: &str| -> String {
                let more = (2..).map(|n| format!("{name}-{n}"));
                std::iter::once(name.to_owned()).chain(more).find(is_free).unwrap_or_default()
            };
            let names = [name("recorded"), name("taker")];
            let mut player = playing.player;
            let seat = Seated::of_recording(instrument);
            run.agent_of(&[&names[0], &names[1]], seat, from, |accounts| {
                player.assign(accounts[0], accounts[1]);
                Box::new(player)
            });
        }
    }
}

#[cfg(not(feature = "arrow"))]
impl Recordings {
    /// Refuses L3 files, which this build cannot read.
    pub fn gather(scenario: &Scenario, _: &mut [Market]) -> Result<Recordings, Error> {
        let plan = scenario.flows.iter().find_map(|flow| flow.l3.as_ref());
        match plan {
            None => Ok(Recordings::default()),
            Some(plan) => {
                let expected = "no L3 file: they need the cargo feature arrow";
                Err(Error::new("flow.l3", expected, &plan.file.display().to_string()))
            }
        }
    }

    /// Nothing to seat.
    pub(super) fn seat(self, _: &mut Run<'_>) {}
}
