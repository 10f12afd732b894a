//! `[[instrument]]`: what it asks of those who hold it.

use super::dom::{Field, Table};
use super::instrument::House;
use super::rules::word_or;
use super::{money, time};
use crate::decimal;
use crate::r#where::Error;
use plimsoll_types::{
    Bracket, CloseRule, Funding, InstrumentKind, MarginPrice, Money, PositionMode, Qty, Ratio,
    Reduction, ReductionAverage, RiskRules, Step, Ts,
};

/// What is known of the instrument already.
#[derive(Debug)]
pub struct Basics {
    /// Its kind.
    pub kind: InstrumentKind,
    /// Its quantity step.
    pub lot_size: Step,
    /// Its calendar's place.
    pub calendar: Option<u16>,
}

/// Everything of [`RiskRules`].
pub fn read(table: &Table<'_>, house: &House<'_>, basics: &Basics) -> Result<RiskRules, Error> {
    let prices = [
        ("mark", MarginPrice::Mark),
        ("settlement", MarginPrice::Settlement),
        ("open", MarginPrice::Open),
    ];
    let closes = [("oldest_first", CloseRule::OldestFirst), ("shfe", CloseRule::Shfe)];
    let quantity =
        |key: &str| table.get(key).map(|field| lots(&field, basics.lot_size)).transpose();
    Ok(RiskRules {
        margin_price: word_or(table, "margin_price", &prices)?,
        brackets: table
            .get("brackets")
            .map_or(Ok(Vec::new()), |field| brackets(&field, house.money_decimals))?,
        product: table.get("product").map(|field| field.label()).transpose()?,
        large_side: table.get("large_side").map_or(Ok(false), |field| field.boolean())?,
        close_rule: word_or(table, "close_rule", &closes)?,
        reduction: table.get("reduction").map(|field| reduction(&field, house)).transpose()?,
        expires: table.get("expires").map(|field| expires(&field, house, basics)).transpose()?,
        funding: table.get("funding").map(|field| funding(&field, basics)).transpose()?,
        position_limit: quantity("position_limit")?,
        report_at: quantity("report_at")?,
    })
}

fn lots(field: &Field<'_>, lot_size: Step) -> Result<Qty, Error> {
    decimal::quantity(field.decimal()?, lot_size)
        .map_err(|_| field.error("a multiple of lot_size above 0, below 2^40 lots"))
}

/// Rising in bound and rate, the last without bound, and without a jump at any border.
fn brackets(field: &Field<'_>, money_decimals: u32) -> Result<Vec<Bracket>, Error> {
    let mut brackets: Vec<Bracket> = Vec::new();
    let fields = field.array()?;
    for (n, field) in fields.iter().enumerate() {
        let table = field.table()?;
        table.only(&["up_to", "maintenance", "deduct"])?;
        let is_last = n + 1 == fields.len();
        let bracket = Bracket {
            up_to: up_to(&table.required("up_to")?, is_last, money_decimals)?,
            maintenance: table.required("maintenance")?.share()?,
            deduct: table
                .get("deduct")
                .map_or(Ok(Money::ZERO), |field| money(&field, money_decimals))?,
        };
        follows(&table, brackets.last(), &bracket, money_decimals)?;
        brackets.push(bracket);
    }
    if brackets.is_empty() {
        return Err(field.error("one bracket or more"));
    }
    Ok(brackets)
}

fn up_to(field: &Field<'_>, is_last: bool, money_decimals: u32) -> Result<Money, Error> {
    match (field.text_or("an amount in quotes, or \"inf\"")?, is_last) {
        ("inf", true) => Ok(Bracket::OPEN),
        ("inf", false) => Err(field.error("\"inf\" only for the last bracket")),
        (_, true) => Err(field.error("\"inf\" for the last bracket")),
        (_, false) => money(field, money_decimals),
    }
}

/// Refuses a bracket that does not go on where the one before ends.
fn follows(
    table: &Table<'_>,
    last: Option<&Bracket>,
    bracket: &Bracket,
    money_decimals: u32,
) -> Result<(), Error> {
    let Some(last) = last else {
        return match bracket.deduct {
            Money::ZERO => Ok(()),
            _ => Err(table.required("deduct")?.error("\"0\" for the first bracket")),
        };
    };
    if bracket.up_to <= last.up_to {
        return Err(table.required("up_to")?.error("a bound above the bracket before's"));
    }
    if bracket.maintenance <= last.maintenance {
        return Err(table.required("maintenance")?.error("a rate above the bracket before's"));
    }
    match continuous_deduct(last, bracket.maintenance) {
        Some(deduct) if deduct == bracket.deduct => Ok(()),
        deduct => {
            let key = if table.get("deduct").is_some() { "deduct" } else { "maintenance" };
            let mut amount = Vec::new();
            if let Some(deduct) = deduct {
                decimal::write_money(&mut amount, deduct, money_decimals);
            }
            let expected = match String::from_utf8_lossy(&amount) {
                amount if amount.is_empty() => {
                    "a rate at which margin goes on without a jump, to the money unit".to_owned()
                }
                amount => format!("deduct = \"{amount}\", so that margin goes on without a jump"),
            };
            Err(table.required(key)?.error(expected))
        }
    }
}

/// What a bracket that follows `last` deducts: up_to x (rate - last rate) + last deduct; `None` where that is no whole
/// number of money units.
fn continuous_deduct(last: &Bracket, rate: Ratio) -> Option<Money> {
    let rise = i128::from(rate.nano() - last.maintenance.nano());
    let product = last.up_to.units().checked_mul(rise)?;
    let scale = i128::from(Ratio::SCALE);
    (product % scale == 0).then(|| Money::new(product / scale) + last.deduct)
}

fn reduction(field: &Field<'_>, house: &House<'_>) -> Result<Reduction, Error> {
    let table = field.table()?;
    table.only(&["loss", "tiers", "hedge", "average"])?;
    let mut tiers: Vec<Ratio> = Vec::new();
    let field = table.required("tiers")?;
    for field in field.array()? {
        let tier = field.share()?;
        if tiers.last().is_some_and(|last| tier >= *last) {
            return Err(field.error("a share under the tier before's"));
        }
        tiers.push(tier);
    }
    if tiers.is_empty() {
        return Err(field.error("one tier or more"));
    }
    let averages = [("net_side", ReductionAverage::NetSide), ("newest", ReductionAverage::Newest)];
    let average = word_or(&table, "average", &averages)?;
    if average == ReductionAverage::Newest && house.position_mode == PositionMode::Net {
        let field = table.required("average")?;
        return Err(
            field.error("\"net_side\", as only position_mode \"long_short\" keeps lots apart")
        );
    }
    Ok(Reduction {
        loss: table.required("loss")?.share()?,
        tiers,
        hedge: table.get("hedge").map(|field| field.share()).transpose()?,
        average,
    })
}

fn expires(field: &Field<'_>, house: &House<'_>, basics: &Basics) -> Result<Ts, Error> {
    if basics.kind != InstrumentKind::Future {
        return Err(field.error("this key only with kind = \"future\""));
    }
    time::moment(field, house.utc_offset(basics.calendar))
}

fn funding(field: &Field<'_>, basics: &Basics) -> Result<Funding, Error> {
    if basics.kind != InstrumentKind::Perpetual {
        return Err(field.error("this key only with kind = \"perpetual\""));
    }
    let table = field.table()?;
    table.only(&["interest", "clamp", "impact"])?;
    Ok(Funding {
        interest: table.required("interest")?.share()?,
        clamp: table.required("clamp")?.share()?,
        impact: lots(&table.required("impact")?, basics.lot_size)?,
    })
}
