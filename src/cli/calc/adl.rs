//! `calc adl`.

use super::show::{Json, print, table};
use super::{Failure, Form, read, too_large};
use plimsoll_risk::calc::{self, Candidate};
use plimsoll_text::calc::{Adl, read_adl};
use plimsoll_types::Side;

const EXAMPLE: &str = "Example:
  plimsoll calc adl FILE.json, with
  {\"side\":\"long\",\"close\":\"20\",\"candidates\":[{\"account\":\"1\",\"qty\":\"10\",\"score\":\"3\"},{\"account\":\"2\",\"qty\":\"10\",\"score\":\"6\"}]}

side is the candidates' side. The highest score gives first, ties in the order of the file, each at most its quantity; what nobody
is left to give is unfilled. Rounding: none, quantities are exact.";

/// Who gives up how much of its position in auto-deleveraging.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// What is to be closed and who may give, as JSON; - is stdin
    file: String,
    #[command(flatten)]
    form: Form,
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    let text = read(&args.file)?;
    let file = read_adl(super::files::shown(&args.file), &text).map_err(Failure::input)?;
    let candidates: Vec<Candidate> =
        file.candidates.iter().map(|&(_, qty, score)| Candidate { qty, score }).collect();
    let out = calc::deleverage(file.close, &candidates).map_err(too_large)?;
    let closed: Vec<(String, String)> = out
        .closed
        .iter()
        .map(|(index, qty)| (file.candidates[*index].0.clone(), qty.to_string()))
        .collect();
    let unfilled = out.unfilled.to_string();
    if args.form.json {
        return print(json(closed, unfilled));
    }
    print(people(&file, closed, unfilled))
}

fn json(closed: Vec<(String, String)>, unfilled: String) -> Json {
    let entry =
        |(account, qty)| Json::object([("account", Json::Text(account)), ("qty", Json::Text(qty))]);
    Json::object([
        ("closed", Json::List(closed.into_iter().map(entry).collect())),
        ("unfilled", Json::Text(unfilled)),
    ])
}

fn people(file: &Adl, closed: Vec<(String, String)>, unfilled: String) -> comfy_table::Table {
    let side = if file.side == Side::Buy { "long" } else { "short" };
    let rows = closed.into_iter().chain([("unfilled".to_owned(), unfilled)]);
    table(&["account", &format!("{side} closed")], rows.map(|(who, qty)| vec![who, qty]))
}
