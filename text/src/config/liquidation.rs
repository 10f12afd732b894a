//! `[profile.liquidation]`: how a case goes about.

use super::dom::{Field, Table};
use super::instrument::House;
use super::money;
use super::profile::worse;
use super::rules::word_or;
use crate::decimal;
use crate::r#where::Error;
use plimsoll_types::{
    Action, AuctionPolicy, Basis, DeleveragePrice, DeleverageRank, InstrumentSpec, Liquidation,
    LockedPolicy, MeasureKind, Policy, ProtectionPrice, Qty, Ratio, SelectKey, Step, Tier,
    WaterfallStage,
};

/// A profile's quantities count lots of whatever instrument they meet.
const LOT: Step = Step { mantissa: 1, decimals: 0 };

const KEYS: &[&str] = &[
    "target",
    "policy",
    "select",
    "price",
    "batch_max",
    "book_share",
    "volume_share",
    "interval",
    "locked",
    "auction",
    "backstop",
    "adl_rank",
    "adl_price",
    "waterfall",
];

/// What a case brings an account back from.
#[derive(Debug)]
pub struct Safety<'a> {
    /// Which quotient.
    pub measure: MeasureKind,
    /// Of which margin.
    pub basis: Basis,
    /// The profile's tiers.
    pub tiers: &'a [Tier],
}

/// The section of a profile.
pub fn read(
    table: &Table<'_>,
    safety: &Safety<'_>,
    house: &House<'_>,
    instruments: &[InstrumentSpec],
) -> Result<Liquidation, Error> {
    table.only(KEYS)?;
    let share = |key: &str| table.get(key).map(|field| field.share()).transpose();
    let locked =
        [("park", LockedPolicy::Park), ("rest", LockedPolicy::Rest), ("roll", LockedPolicy::Roll)];
    let ranks = [
        ("profit_leverage", DeleverageRank::ProfitLeverage),
        ("profit_share", DeleverageRank::ProfitShare),
        ("pro_rata", DeleverageRank::ProRata),
    ];
    let prices = [("bankruptcy", DeleveragePrice::Bankruptcy), ("mark", DeleveragePrice::Mark)];
    let auctions = [("wait", AuctionPolicy::Wait), ("join", AuctionPolicy::Join)];
    Ok(Liquidation {
        target: target(table, safety)?,
        policy: policy(table, house.money_decimals)?,
        select: select(table, instruments)?,
        price: protection_price(table)?,
        batch_max: batch_max(table)?,
        book_share: share("book_share")?.unwrap_or(Ratio::ONE),
        volume_share: share("volume_share")?,
        interval: table.get("interval").map_or(Ok(0), |field| field.duration())?,
        locked: word_or(table, "locked", &locked)?,
        auction: word_or(table, "auction", &auctions)?,
        backstop: share("backstop")?,
        deleverage_rank: word_or(table, "adl_rank", &ranks)?,
        deleverage_price: word_or(table, "adl_price", &prices)?,
        waterfall: waterfall(table)?,
    })
}

/// The target lies on the safe side of every tier of the profile's basis that liquidates, or on it.
fn target(table: &Table<'_>, safety: &Safety<'_>) -> Result<Ratio, Error> {
    let field = table.required("target")?;
    let target = field.ratio()?;
    let passed = safety.tiers.iter().find(|tier| {
        tier.action == Action::Liquidate
            && tier.basis == safety.basis
            && worse(safety.measure, target, tier.at)
    });
    match passed {
        None => Ok(target),
        Some(tier) => {
            Err(field.error(format!("a target not past the trigger of tier \"{}\"", tier.name)))
        }
    }
}

/// A word, or a table whose first key names the policy.
fn policy(table: &Table<'_>, money_decimals: u32) -> Result<Policy, Error> {
    let Some(field) = table.get("policy") else {
        return Ok(Policy::Least);
    };
    if !field.is_table() {
        let words = [("least", Policy::Least), ("full", Policy::Full)];
        return field.word(&words).map_err(|_| field.error(POLICIES));
    }
    let table = field.table()?;
    if let Some(field) = table.get("fraction") {
        table.only(&["fraction", "full_below"])?;
        let full_below =
            table.get("full_below").map_or(Ok(Qty::ZERO), |field| lots_or_none(&field));
        return Ok(Policy::Fraction { fraction: part(&field)?, full_below: full_below? });
    }
    if let Some(field) = table.get("two_step") {
        table.only(&["two_step", "cooldown", "above"])?;
        return Ok(Policy::TwoStep {
            share: part(&field)?,
            cooldown: table.required("cooldown")?.duration()?,
            above: money(&table.required("above")?, money_decimals)?,
        });
    }
    if let Some(field) = table.get("brackets") {
        table.only(&["brackets"])?;
        return Ok(Policy::Brackets { steps: field.whole(1, 1 << 16)? });
    }
    table.only(&["fraction", "two_step", "brackets"])?;
    Err(field.error(POLICIES))
}

/// Every policy, for complaints.
const POLICIES: &str = "\"least\", \"full\", or a table with fraction, two_step or brackets";

/// A share of which something comes.
fn part(field: &Field<'_>) -> Result<Ratio, Error> {
    match field.share()? {
        Ratio::ZERO => Err(field.error("a share above 0")),
        share => Ok(share),
    }
}

/// Whole lots; zero too.
fn lots_or_none(field: &Field<'_>) -> Result<Qty, Error> {
    let value = field.decimal()?;
    if value.is_zero() {
        return Ok(Qty::ZERO);
    }
    decimal::quantity(value, LOT).map_err(|_| field.error("a whole number of lots, 0 to 2^40 - 1"))
}

fn select(table: &Table<'_>, instruments: &[InstrumentSpec]) -> Result<Vec<SelectKey>, Error> {
    let Some(field) = table.get("select") else {
        return Ok(vec![SelectKey::LargestLoss]);
    };
    let keys: Result<Vec<SelectKey>, Error> =
        field.array()?.iter().map(|field| select_key(field, instruments)).collect();
    match keys? {
        keys if keys.is_empty() => Err(field.error("at least one key")),
        keys => Ok(keys),
    }
}

fn select_key(field: &Field<'_>, instruments: &[InstrumentSpec]) -> Result<SelectKey, Error> {
    let text = field.text()?;
    let key = match text {
        "largest_loss" => Some(SelectKey::LargestLoss),
        "most_liquid" => Some(SelectKey::MostLiquid),
        "largest_margin" => Some(SelectKey::LargestMargin),
        "largest_risk_release" => Some(SelectKey::LargestRiskRelease),
        _ => text.strip_prefix("symbol:").and_then(|list| symbol_list(list, instruments)),
    };
    key.ok_or_else(|| {
        field.error(
            "\"largest_loss\", \"most_liquid\", \"largest_margin\", \"largest_risk_release\" or \"symbol:\" and known symbols",
        )
    })
}

fn symbol_list(list: &str, instruments: &[InstrumentSpec]) -> Option<SelectKey> {
    let places: Option<Vec<u16>> = list
        .split(',')
        .map(|name| {
            let place = instruments.iter().position(|spec| spec.symbol.as_str() == name.trim())?;
            u16::try_from(place).ok()
        })
        .collect();
    places.map(SelectKey::Symbols)
}

fn protection_price(table: &Table<'_>) -> Result<ProtectionPrice, Error> {
    let Some(field) = table.get("price") else {
        return Ok(ProtectionPrice::Band);
    };
    if !field.is_table() {
        let words = [("band", ProtectionPrice::Band), ("bankruptcy", ProtectionPrice::Bankruptcy)];
        return field.word(&words);
    }
    let table = field.table()?;
    table.only(&["ticks_through"])?;
    table.required("ticks_through")?.whole(0, 1 << 30).map(ProtectionPrice::TicksThrough)
}

fn batch_max(table: &Table<'_>) -> Result<Qty, Error> {
    let Some(field) = table.get("batch_max") else {
        return Ok(Qty::MAX);
    };
    decimal::quantity(field.decimal()?, LOT)
        .map_err(|_| field.error("a whole number of lots, 1 to 2^40 - 1"))
}

/// Stages in any order, each once; one that takes the whole rest stands last, and only there.
fn waterfall(table: &Table<'_>) -> Result<Vec<WaterfallStage>, Error> {
    let Some(field) = table.get("waterfall") else {
        return Ok(vec![WaterfallStage::Debt]);
    };
    let words = [
        ("insurance_fund", WaterfallStage::InsuranceFund),
        ("adl", WaterfallStage::Deleverage),
        ("socialise", WaterfallStage::Socialise),
        ("debt", WaterfallStage::Debt),
    ];
    let mut stages = Vec::new();
    for field in field.array()? {
        let stage = field.word(&words)?;
        if stages.last().is_some_and(|last| ends(*last)) {
            return Err(field.error("nothing after \"socialise\" or \"debt\""));
        }
        if stages.contains(&stage) {
            return Err(field.error("each stage once"));
        }
        stages.push(stage);
    }
    match stages.last() {
        Some(last) if ends(*last) => Ok(stages),
        _ => {
            let expected =
                "an end: a last stage \"socialise\" or \"debt\" that takes the whole rest";
            Err(field.error(expected))
        }
    }
}

/// Whether a stage takes the whole rest.
fn ends(stage: WaterfallStage) -> bool {
    matches!(stage, WaterfallStage::Socialise | WaterfallStage::Debt)
}
