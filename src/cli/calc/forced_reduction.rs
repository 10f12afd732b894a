//! `calc forced-reduction`.

use super::show::{Json, print, table};
use super::{Failure, Form, read};
use plimsoll_risk::calc::{Reduced, forced_reduction};
use plimsoll_text::calc::{ForcedReduction, Member, read_forced_reduction};

const EXAMPLE: &str = "Example:
  plimsoll calc forced-reduction FILE.json, with
  {\"declared\":[{\"account\":\"S1\",\"qty\":\"100\"}],\"tiers\":[[{\"account\":\"L1\",\"qty\":\"37\"},{\"account\":\"L2\",\"qty\":\"53\"}],[{\"account\":\"L3\",\"qty\":\"41\"}]]}

In a tier with C lots against Q still declared: C >= Q: members give quantity x Q / C; else the tier closes whole and declarers get
remaining x C / Q. Rounding: whole lots by largest remainder (integer parts, then one more each by descending fraction), ties in the
order of the file. unfilled names only those with lots left.";

/// Who closes and who is reduced in an exchange forced reduction.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// Who declared what and who holds the other side, tier by tier, as JSON; - is stdin
    file: String,
    #[command(flatten)]
    form: Form,
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    let text = read(&args.file)?;
    let file = read_forced_reduction(super::files::shown(&args.file), &text);
    let file = file.map_err(Failure::input)?;
    let lots = |members: &Vec<Member>| members.iter().map(|member| member.lots).collect();
    let declared: Vec<u64> = lots(&file.declared);
    let tiers: Vec<Vec<u64>> = file.tiers.iter().map(lots).collect();
    let out = forced_reduction(&declared, &tiers);
    if args.form.json {
        return print(json(&file, &out));
    }
    print(people(&file, &out))
}

/// Every declarer with what it closed and what it has left.
fn declarers<'a>(
    file: &'a ForcedReduction,
    out: &'a Reduced,
) -> impl Iterator<Item = (&'a Member, u64, u64)> {
    let each = file.declared.iter().zip(&out.closed);
    each.map(|(member, closed)| (member, *closed, member.lots - closed))
}

/// Every member with its tier, from 1, and what it gave.
fn givers<'a>(
    file: &'a ForcedReduction,
    out: &'a Reduced,
) -> impl Iterator<Item = (usize, &'a Member, u64)> {
    let tiers = file.tiers.iter().zip(&out.reduced).enumerate();
    tiers.flat_map(|(n, (members, given))| {
        members.iter().zip(given).map(move |(member, lots)| (n + 1, member, *lots))
    })
}

fn json(file: &ForcedReduction, out: &Reduced) -> Json {
    let entry = |member: &Member, lots: u64| (member.account.clone(), Json::Text(lots.to_string()));
    let closed = declarers(file, out).map(|(member, closed, _)| entry(member, closed));
    let reduced = givers(file, out).map(|(_, member, lots)| entry(member, lots));
    let unfilled = declarers(file, out)
        .filter(|(_, _, left)| *left > 0)
        .map(|(member, _, left)| entry(member, left));
    Json::object([
        ("closed", Json::object(closed)),
        ("reduced", Json::object(reduced)),
        ("unfilled", Json::object(unfilled)),
    ])
}

fn people(file: &ForcedReduction, out: &Reduced) -> String {
    let closed = declarers(file, out).map(|(member, closed, left)| {
        vec![member.account.clone(), member.lots.to_string(), closed.to_string(), left.to_string()]
    });
    let given = givers(file, out).map(|(tier, member, lots)| {
        vec![member.account.clone(), tier.to_string(), member.lots.to_string(), lots.to_string()]
    });
    format!(
        "{}\n{}",
        table(&["declared", "lots", "closed", "unfilled"], closed),
        table(&["member", "tier", "lots", "reduced"], given)
    )
}
