//! `[[profile]]`: the measure and its tiers.

use super::dom::{Field, Table};
use super::instrument::House;
use super::liquidation::{self, Safety};
use super::rules::word_or;
use super::unique;
use crate::r#where::Error;
use plimsoll_types::{
    Action, Basis, InstrumentSpec, MarginMode, MeasureKind, PositionMode, Profile, Ratio, Tier, Ts,
};
use std::collections::HashMap;

/// Most profiles: their ids have 16 bits, and the first is built in.
const PROFILES_MAX: usize = u16::MAX as usize;

/// Most tiers of a profile: they count from 1 in 8 bits.
const TIERS_MAX: usize = u8::MAX as usize;

/// The built-in profile, then the file's in its order.
pub fn read_all(
    root: &Table<'_>,
    house: &House<'_>,
    instruments: &[InstrumentSpec],
) -> Result<Vec<Profile>, Error> {
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
        profiles.push(read(table, house, instruments)?);
    }
    Ok(profiles)
}

fn read(
    table: &Table<'_>,
    house: &House<'_>,
    instruments: &[InstrumentSpec],
) -> Result<Profile, Error> {
    let measures = [
        ("margin/equity", MeasureKind::MarginOverEquity),
        ("equity/margin", MeasureKind::EquityOverMargin),
    ];
    let measure = word_or(table, "measure", &measures)?;
    let basis = word_or(table, "basis", &BASES)?;
    let tiers = tiers(table, measure, basis)?;
    let liquidates =
        tiers.iter().any(|tier| matches!(tier.action, Action::Liquidate | Action::Call { .. }));
    let liquidation = match table.table("liquidation")? {
        Some(section) => {
            let safety = Safety { measure, basis, tiers: &tiers };
            liquidation::read(&section, &safety, house, instruments)?
        }
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
        margin_mode: margin_mode(table, house)?,
        measure,
        basis,
        tiers,
        liquidation,
    })
}

/// The words of a basis.
const BASES: [(&str, Basis); 2] =
    [("initial", Basis::Initial), ("maintenance", Basis::Maintenance)];

fn margin_mode(table: &Table<'_>, house: &House<'_>) -> Result<MarginMode, Error> {
    let words = [("cross", MarginMode::Cross), ("isolated", MarginMode::Isolated)];
    let mode = word_or(table, "margin_mode", &words)?;
    if mode == MarginMode::Isolated && house.position_mode == PositionMode::LongShort {
        let field = table.required("margin_mode")?;
        return Err(field.error("\"cross\", as only position_mode \"net\" isolates positions"));
    }
    Ok(mode)
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
        if let Some(last) = tiers.iter().rev().find(|last| last.basis == tier.basis) {
            in_order(table, measure, last, &tier)?;
        }
        tiers.push(tier);
    }
    Ok(tiers)
}

/// Each tier is reached nearer to danger than the one of its basis before it, and left no sooner.
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
pub fn worse(measure: MeasureKind, a: Ratio, b: Ratio) -> bool {
    match measure {
        MeasureKind::MarginOverEquity => a > b,
        MeasureKind::EquityOverMargin => a < b,
    }
}

fn tier(table: &Table<'_>, measure: MeasureKind, basis: Basis) -> Result<Tier, Error> {
    table.only(&["name", "basis", "at", "release", "action", "grace", "also"])?;
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
        basis: table.get("basis").map_or(Ok(basis), |field| field.word(&BASES))?,
        at,
        release,
        action,
        close_only: action == Action::CloseOnly,
        cancel_opening: false,
    };
    if let Some(field) = table.get("also") {
        for field in field.array()? {
            match field.word(&[("close_only", true), ("cancel_opening", false)])? {
                true => tier.close_only = true,
                false => tier.cancel_opening = true,
            }
        }
    }
    Ok(tier)
}

fn action(table: &Table<'_>) -> Result<Action, Error> {
    let grace = table.get("grace");
    let action = table.required("action")?.word(&[
        ("notify", Action::Notify),
        ("call", Action::Call { grace: None }),
        ("close_only", Action::CloseOnly),
        ("liquidate", Action::Liquidate),
    ])?;
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
