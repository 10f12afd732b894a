//! Populations by name: what a `preset` stands for where a scenario says nothing else.

use super::plan::{LeverageClass, Lots, LotsLaw, Stops};
use plimsoll_types::Ratio;

/// Defaults of a population. docs/SCENARIO.md shows them as a table, with where the numbers come from.
#[derive(Debug)]
pub struct Preset {
    name: &'static str,
    /// Share that is long.
    pub long: &'static str,
    /// From, to and share of each class of leverage, in thousandths.
    leverage: &'static [[i64; 3]],
    /// Sizes; `None` = the scenario has to say.
    pub lots: Option<Lots>,
    /// Share that tops up.
    pub top_up: &'static str,
    /// Share that cuts.
    pub cut: &'static str,
    /// Share with stops, nearest and farthest, in thousandths.
    stops: Option<[i64; 3]>,
}

/// No preset: nothing but what the scenario says.
const PLAIN: Preset =
    Preset { name: "", long: "0.5", leverage: &[], lots: None, top_up: "0", cut: "0", stops: None };

const ALL: [Preset; 2] = [
    Preset {
        name: "retail_futures",
        long: "0.6",
        leverage: &[[1_000, 3_000, 300], [3_000, 6_000, 450], [6_000, 9_000, 250]],
        lots: Some(Lots {
            min: 1,
            max: 100,
            law: LotsLaw::Lognormal { median: 2, sigma: thousandths(1_200) },
        }),
        top_up: "0.25",
        cut: "0.25",
        stops: Some([150, 10, 40]),
    },
    Preset {
        name: "crypto_2025",
        long: "0.65",
        leverage: &[
            [1_000, 3_000, 350],
            [3_000, 10_000, 300],
            [10_000, 20_000, 200],
            [20_000, 40_000, 150],
        ],
        lots: Some(Lots { min: 1, max: 20_000, law: LotsLaw::Power(thousandths(1_700)) }),
        top_up: "0.05",
        cut: "0.05",
        stops: Some([200, 10, 100]),
    },
];

const fn thousandths(n: i64) -> Ratio {
    Ratio::from_nano(n * 1_000_000)
}

impl Preset {
    /// What a scenario may write.
    pub const EXPECTED: &'static str = "\"retail_futures\" or \"crypto_2025\"";

    /// The one of this name.
    pub fn named(name: &str) -> Option<&'static Preset> {
        ALL.iter().find(|preset| preset.name == name)
    }

    /// Its classes of leverage.
    pub fn classes(&self) -> Vec<LeverageClass> {
        let class = |&[from, to, share]: &[i64; 3]| LeverageClass {
            from: thousandths(from),
            to: thousandths(to),
            share: thousandths(share),
            profile: None,
        };
        self.leverage.iter().map(class).collect()
    }

    /// Its stop-losses.
    pub fn stops(&self) -> Option<Stops> {
        self.stops.map(|[share, from, to]| Stops {
            share: thousandths(share),
            from: thousandths(from),
            to: thousandths(to),
        })
    }
}

impl Default for &Preset {
    fn default() -> Self {
        &PLAIN
    }
}
