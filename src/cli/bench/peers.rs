//! Other projects' books over the same stream, in the same rounds: built with `--features peers`.
//!
//! Every one is handed its orders' ids in the form it knows them, made before the clock starts: none pays for a map that it
//! does not keep itself. Who makes other fills than our book, by number, lots or price x lots, is not timed.

use super::rounds::{Entrant, Outcome, median};
use plimsoll::workload::{Flow, Stream};
use serde_json::{Value, json};

#[cfg(feature = "peers")]
mod lobster;
#[cfg(feature = "peers")]
mod matchcore;
#[cfg(feature = "peers")]
mod orderbook_rs;
#[cfg(feature = "peers")]
mod steps;

/// A peer's lap may take so long; who needs longer carries out fewer operations, and the results say how many.
#[cfg(feature = "peers")]
const SECONDS: f64 = 3.0;

/// The peers as entrants; none where they are not compiled in.
#[cfg(not(feature = "peers"))]
pub(crate) fn entrants(_: &Flow, _: &Stream) -> Vec<Box<dyn Entrant>> {
    Vec::new()
}

/// The peers as entrants.
#[cfg(feature = "peers")]
pub(crate) fn entrants(flow: &Flow, stream: &Stream) -> Vec<Box<dyn Entrant>> {
    let steps = steps::translate(flow, stream);
    vec![
        steps::driven::<matchcore::Peer>(flow, &steps),
        steps::driven::<lobster::Peer>(flow, &steps),
        steps::driven::<orderbook_rs::Peer>(flow, &steps),
    ]
}

/// How the peers did against our book.
pub(crate) struct Peers {
    /// Those that made the same fills.
    pub(crate) timed: Vec<Peer>,
    /// Those that did not, and how theirs differ.
    pub(crate) left_out: Vec<(&'static str, String)>,
}

/// One peer's result.
pub(crate) struct Peer {
    pub(crate) outcome: Outcome,
    /// Our median rate over its median rate.
    pub(crate) ratio: f64,
    /// The least and the most of the rounds' own ratios.
    pub(crate) ratios: (f64, f64),
    /// The same ratio for our book under a loop that looks ahead in its queue.
    pub(crate) ratio_ahead: f64,
}

impl Peers {
    /// Compares with our book, plain and under a loop that looks ahead.
    pub(crate) fn new(ours: &Outcome, ahead: &Outcome, peers: &[Outcome]) -> Peers {
        let mut all = Peers { timed: Vec::new(), left_out: Vec::new() };
        for peer in peers {
            match &peer.differs {
                Some(how) => all.left_out.push((peer.name, how.clone())),
                None => all.timed.push(Peer::new(ours, ahead, peer)),
            }
        }
        all
    }

    pub(crate) fn json(&self) -> Value {
        let timed = self.timed.iter().map(|peer| {
            let outcome = &peer.outcome;
            json!({
                "name": outcome.name, "version": version(outcome.name), "ops": outcome.ops,
                "ops_per_second": outcome.rate(),
                "ops_per_second_min": outcome.rate_min(), "ops_per_second_max": outcome.rate_max(),
                "ratio": tenths(peer.ratio),
                "ratio_min": tenths(peer.ratios.0), "ratio_max": tenths(peer.ratios.1),
                "ratio_looking_ahead": tenths(peer.ratio_ahead),
            })
        });
        Value::Array(timed.collect())
    }

    pub(crate) fn left_out_json(&self) -> Value {
        let left_out = self.left_out.iter().map(
            |(name, how)| json!({ "name": name, "version": version(name), "fills_differ": how }),
        );
        Value::Array(left_out.collect())
    }
}

impl Peer {
    fn new(ours: &Outcome, ahead: &Outcome, peer: &Outcome) -> Peer {
        let ratios = ours.rates.iter().zip(&peer.rates).map(|(ours, peer)| ours / peer);
        let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
        for ratio in ratios {
            (least, most) = (least.min(ratio), most.max(ratio));
        }
        let over = |ours: &Outcome| median(&ours.rates) / median(&peer.rates);
        let (ratio, ratio_ahead) = (over(ours), over(ahead));
        Peer { outcome: peer.clone(), ratio, ratios: (least, most), ratio_ahead }
    }
}

fn tenths(ratio: f64) -> f64 {
    (ratio * 10.0).round() / 10.0
}

#[cfg(feature = "peers")]
const LOCK: &str = include_str!("../../../Cargo.lock");
#[cfg(not(feature = "peers"))]
const LOCK: &str = "";

/// The version of a crate that this was built with.
pub(crate) fn version(name: &str) -> &'static str {
    let entry = LOCK.split("[[package]]").find(|entry| {
        entry.lines().any(|line| line.strip_prefix("name = ") == Some(&format!("\"{name}\"")))
    });
    let version = |entry: &'static str| {
        entry.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
    };
    entry.and_then(version).unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &'static str, rates: [f64; 3]) -> Outcome {
        Outcome { name, ops: 10, rates: rates.to_vec(), differs: None }
    }

    #[test]
    fn a_ratio_is_of_medians_its_bounds_are_of_rounds() {
        let ours = outcome("ours", [40.0, 42.0, 20.0]);
        let mut other = outcome("hashbrown", [2.0, 6.0, 4.0]);
        other.differs = Some("9 fills".to_owned());
        let ahead = outcome("ours, ahead", [80.0, 88.0, 20.0]);
        let peers = Peers::new(&ours, &ahead, &[outcome("hdrhistogram", [5.0, 4.0, 4.0]), other]);
        assert_eq!(peers.timed.len(), 1);
        assert_eq!(peers.timed[0].ratio, 10.0);
        assert_eq!(peers.timed[0].ratios, (5.0, 10.5));
        assert_eq!(peers.timed[0].ratio_ahead, 20.0);
        assert_eq!(peers.left_out, [("hashbrown", "9 fills".to_owned())]);
    }

    #[cfg(feature = "peers")]
    #[test]
    fn versions_are_those_of_the_lock_file() {
        assert!(version("hdrhistogram").starts_with("7."));
        assert_eq!(version("no-such-crate"), "unknown");
    }
}
