//! `[[profile]]`: the measure, its tiers, and how a liquidation goes about.

use super::dom::{Field, Table};
use super::unique;
use crate::decimal;
use crate::r#where::Error;
use plimsoll_types::{
    Action, Basis, Label, Liquidation, LockedPolicy, MarginMode, MeasureKind, Profile,
    ProtectionPrice, Qty, Ratio, SelectKey, Step, Tier, Ts, WaterfallStage,
};
use std::collections::HashMap;

/// Most profiles: their ids have 16 bits, and the first is built in.
const PROFILES_MAX: usize = u16::MAX as usize;

/// Most tiers of a profile: they count from 1 in 8 bits.
const TIERS_MAX: usize = u8::MAX as usize;

/// The built-in profile, then the file's in its order.
pub fn read_all(root: &Table<'_>, symbols: &[Label]) -> Result<Vec<Profile>, Error> {
    let tables = root.tables("profile")?;
    if tables.len() > PROFILES_MAX {
        return Err(root.missing("profile", "at most 65535 [[profile]] sections"));
    }
    let mut profiles = vec![Profile::unlimited()];
    let mut names = HashMap::from([(profiles[0].name, ())]);
    for table in &tables {
        table.only(&["name", "margin_mode", "measure", "basis", "tier", "liquidation"])?;
        let field = table.required("name")?;
        unique(&mut names, &field, field.label()?, "profile (\"unlimited\" is built in)")?;
        profiles.push(read(table, symbols)?);
    }
    Ok(profiles)
}

fn read(table: &Table<'_>, symbols: &[Label]) -> Result<Profile, Error> {
    if let Some(field) = table.get("margin_mode") {
        field.word(&[("cross", ())], &["isolated"])?;
    }
    let measure = table.get("measure").map_or(Ok(MeasureKind::MarginOverEquity), |field| {
        field.word(
            &[
                ("margin/equity", MeasureKind::MarginOverEquity),
                ("equity/margin", MeasureKind::EquityOverMargin),
            ],
            &[],
        )
    })?;
    let basis = table.get("basis").map_or(Ok(Basis::Initial), |field| {
        field.word(&[("initial", Basis::Initial), ("maintenance", Basis::Maintenance)], &[])
    })?;
    let tiers = tiers(table, measure, basis)?;
    let liquidates =
        tiers.iter().any(|tier| matches!(tier.action, Action::Liquidate | Action::Call { .. }));
    let liquidation = match table.table("liquidation")? {
        Some(section) => liquidation(&section, measure, &tiers, symbols)?,
        None if liquidates => {
            let expected = "a [profile.liquidation] section, as a tier can liquidate";
            return Err(table.missing("liquidation", expected));
        }
        None => Profile::unlimited().liquidation,
    };
    let name = table.required("name")?.label()?;
    Ok(Profile {
        name,
        unlimited: false,
        margin_mode: MarginMode::Cross,
        measure,
        basis,
        tiers,
        liquidation,
    })
}

fn tiers(profile: &Table<'_>, measure: MeasureKind, basis: Basis) -> Result<Vec<Tier>, Error> {
    let tables = profile.tables("tier")?;
    if tables.len() > TIERS_MAX {
        return Err(profile.missing("tier", "at most 255 tiers"));
    }
    let mut names = HashMap::new();
    let mut tiers: Vec<Tier> = Vec::with_capacity(tables.len());
    for table in &tables {
        let tier = tier(table, measure, basis)?;
        let field = table.required("name")?;
        unique(&mut names, &field, tier.name, "tier of the profile")?;
        if tier.name.as_str() == "normal" {
            return Err(field.error("a name other than \"normal\", which is no tier"));
        }
        if let Some(last) = tiers.last() {
            in_order(table, measure, last, &tier)?;
        }
        tiers.push(tier);
    }
    Ok(tiers)
}

/// Each tier is reached nearer to danger than the one before it, and left no sooner.
fn in_order(
    table: &Table<'_>,
    measure: MeasureKind,
    last: &Tier,
    tier: &Tier,
) -> Result<(), Error> {
    let (above, under) = match measure {
        MeasureKind::MarginOverEquity => ("above", "under"),
        MeasureKind::EquityOverMargin => ("under", "above"),
    };
    if !worse(measure, tier.at, last.at) {
        let expected = format!("tiers in rising order of danger: {above} the tier before");
        return Err(table.required("at")?.error(expected));
    }
    if worse(measure, last.release, tier.release) {
        let expected = format!("releases in the order of the tiers: not {under} the tier before's");
        let key = if table.get("release").is_some() { "release" } else { "at" };
        return Err(table.required(key)?.error(expected));
    }
    Ok(())
}

/// Whether `a` is nearer to danger than `b`.
fn worse(measure: MeasureKind, a: Ratio, b: Ratio) -> bool {
    match measure {
        MeasureKind::MarginOverEquity => a > b,
        MeasureKind::EquityOverMargin => a < b,
    }
}

fn tier(table: &Table<'_>, measure: MeasureKind, basis: Basis) -> Result<Tier, Error> {
    table.only(&["name", "at", "release", "action", "grace", "also"])?;
    let at = table.required("at")?.ratio()?;
    let release = match table.get("release") {
        None => at,
        Some(field) => {
            let release = field.ratio()?;
            if worse(measure, release, at) {
                return Err(field.error(match measure {
                    MeasureKind::MarginOverEquity => "a measure not above the tier's at",
                    MeasureKind::EquityOverMargin => "a measure not under the tier's at",
                }));
            }
            release
        }
    };
    let action = action(table)?;
    let mut tier = Tier {
        name: table.required("name")?.label()?,
        basis,
        at,
        release,
        action,
        close_only: action == Action::CloseOnly,
        cancel_opening: false,
    };
    if let Some(field) = table.get("also") {
        for field in field.array()? {
            match field.word(&[("close_only", true), ("cancel_opening", false)], &[])? {
                true => tier.close_only = true,
                false => tier.cancel_opening = true,
            }
        }
    }
    Ok(tier)
}

fn action(table: &Table<'_>) -> Result<Action, Error> {
    let grace = table.get("grace");
    let action = table.required("action")?.word(
        &[
            ("notify", Action::Notify),
            ("call", Action::Call { grace: None }),
            ("close_only", Action::CloseOnly),
            ("liquidate", Action::Liquidate),
        ],
        &[],
    )?;
    match (action, grace) {
        (Action::Call { .. }, Some(field)) => Ok(Action::Call { grace: deadline(&field)? }),
        (Action::Call { .. }, None) => {
            Err(table.missing("grace", "a duration or \"session_end\", as the action is \"call\""))
        }
        (_, Some(field)) => Err(field.error("grace only where the action is \"call\"")),
        (action, None) => Ok(action),
    }
}

fn deadline(field: &Field<'_>) -> Result<Option<Ts>, Error> {
    if field.text()? == "session_end" { Ok(None) } else { field.duration().map(Some) }
}

const LIQUIDATION_KEYS: &[&str] = &[
    "target",
    "select",
    "price",
    "batch_max",
    "book_share",
    "interval",
    "locked",
    "waterfall",
    "policy",
];

fn liquidation(
    table: &Table<'_>,
    measure: MeasureKind,
    tiers: &[Tier],
    symbols: &[Label],
) -> Result<Liquidation, Error> {
    table.only(LIQUIDATION_KEYS)?;
    policy(table)?;
    let locked = [("park", LockedPolicy::Park), ("rest", LockedPolicy::Rest)];
    Ok(Liquidation {
        target: target(table, measure, tiers)?,
        select: select(table, symbols)?,
        price: protection_price(table)?,
        batch_max: batch_max(table)?,
        book_share: table.get("book_share").map_or(Ok(Ratio::ONE), |field| field.share())?,
        interval: table.get("interval").map_or(Ok(0), |field| field.duration())?,
        locked: table
            .get("locked")
            .map_or(Ok(LockedPolicy::Park), |field| field.word(&locked, &[]))?,
        waterfall: waterfall(table)?,
        ..Profile::unlimited().liquidation
    })
}

fn policy(table: &Table<'_>) -> Result<(), Error> {
    let Some(field) = table.get("policy") else {
        return Ok(());
    };
    if field.is_table() {
        field.table()?.only(&[
            "fraction",
            "full_below",
            "two_step",
            "cooldown",
            "above",
            "brackets",
        ])?;
        return Err(field.error("\"least\"").unsupported());
    }
    field.word(&[("least", ())], &["full"])
}

/// The target lies on the safe side of every tier that liquidates, or on it.
fn target(table: &Table<'_>, measure: MeasureKind, tiers: &[Tier]) -> Result<Ratio, Error> {
    let field = table.required("target")?;
    let target = field.ratio()?;
    let passed = tiers
        .iter()
        .find(|tier| tier.action == Action::Liquidate && worse(measure, target, tier.at));
    match passed {
        None => Ok(target),
        Some(tier) => {
            Err(field.error(format!("a target not past the trigger of tier \"{}\"", tier.name)))
        }
    }
}

fn select(table: &Table<'_>, symbols: &[Label]) -> Result<Vec<SelectKey>, Error> {
    let Some(field) = table.get("select") else {
        return Ok(vec![SelectKey::LargestLoss]);
    };
    let keys: Result<Vec<SelectKey>, Error> =
        field.array()?.iter().map(|field| select_key(field, symbols)).collect();
    match keys? {
        keys if keys.is_empty() => Err(field.error("at least one key")),
        keys => Ok(keys),
    }
}

fn select_key(field: &Field<'_>, symbols: &[Label]) -> Result<SelectKey, Error> {
    let text = field.text()?;
    let key = match text {
        "largest_loss" => Some(SelectKey::LargestLoss),
        "most_liquid" => Some(SelectKey::MostLiquid),
        "largest_margin" => Some(SelectKey::LargestMargin),
        "largest_risk_release" => Some(SelectKey::LargestRiskRelease),
        _ => text.strip_prefix("symbol:").and_then(|list| symbol_list(list, symbols)),
    };
    key.ok_or_else(|| {
        field.error(
            "\"largest_loss\", \"most_liquid\", \"largest_margin\", \"largest_risk_release\" or \"symbol:\" and known symbols",
        )
    })
}

fn symbol_list(list: &str, symbols: &[Label]) -> Option<SelectKey> {
    let places: Option<Vec<u16>> = list
        .split(',')
        .map(|name| {
            let place = symbols.iter().position(|symbol| symbol.as_str() == name.trim())?;
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
        return field.word(&[("band", ProtectionPrice::Band)], &["bankruptcy"]);
    }
    let table = field.table()?;
    table.only(&["ticks_through"])?;
    table.required("ticks_through")?.whole(0, 1 << 30).map(ProtectionPrice::TicksThrough)
}

fn batch_max(table: &Table<'_>) -> Result<Qty, Error> {
    let Some(field) = table.get("batch_max") else {
        return Ok(Qty::MAX);
    };
    decimal::quantity(field.decimal()?, Step { mantissa: 1, decimals: 0 })
        .map_err(|_| field.error("a whole number of lots, 1 to 2^40 - 1"))
}

fn waterfall(table: &Table<'_>) -> Result<Vec<WaterfallStage>, Error> {
    let Some(field) = table.get("waterfall") else {
        return Ok(vec![WaterfallStage::Debt]);
    };
    let mut stages = Vec::new();
    for field in field.array()? {
        let stage = field.word(
            &[("insurance_fund", WaterfallStage::InsuranceFund), ("debt", WaterfallStage::Debt)],
            &["adl", "socialise"],
        )?;
        if stages.contains(&stage) || stages.last() == Some(&WaterfallStage::Debt) {
            return Err(field.error("each stage once, \"debt\" last"));
        }
        stages.push(stage);
    }
    match stages.last() {
        Some(WaterfallStage::Debt) => Ok(stages),
        _ => Err(field.error("an end: a last stage \"debt\" that takes the whole rest")),
    }
}
