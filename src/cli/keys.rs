//! `plimsoll keys`: who may speak to the server. Secrets are drawn here, shown once, and kept in a file of their owner alone.

use super::Failure;
use comfy_table::{Table, presets};
use plimsoll_gateway::auth;
use plimsoll_gateway::{Limits, Reach, User};
use plimsoll_text::decimal::{write_money, write_scaled};
use plimsoll_types::{Label, Money, Ratio};
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// More decimals than any currency has: here values of orders are only shown.
const MONEY_DECIMALS: u32 = 8;

/// Add keys to the server's file of users, or list them.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE, disable_help_subcommand = true)]
pub struct Args {
    #[command(subcommand)]
    job: Job,
}

const EXAMPLE: &str = "Example:
  plimsoll keys add --data DIR --user anna --account anna --scope read,trade --rate 100
  plimsoll keys list --data DIR

The server reads the file when it starts. See docs/HTTP.md, \"Keys\".";

#[derive(clap::Subcommand)]
enum Job {
    /// Draw a secret for a new user, keep it, and print it once
    #[command(after_help = EXAMPLE)]
    Add(Add),
    /// List users, without their secrets
    #[command(after_help = EXAMPLE)]
    List(List),
}

/// Where the file is.
#[derive(clap::Args)]
struct Place {
    /// The server's folder; the file is keys.toml in it
    #[arg(long, value_name = "DIR", required_unless_present = "keys")]
    data: Option<PathBuf>,
    /// The file itself
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    keys: Option<PathBuf>,
}

impl Place {
    fn path(&self) -> PathBuf {
        match (&self.keys, &self.data) {
            (Some(file), _) => file.clone(),
            (None, folder) => folder.clone().unwrap_or_default().join("keys.toml"),
        }
    }
}

#[derive(clap::Args)]
struct Add {
    #[command(flatten)]
    place: Place,
    /// Its name, which no other has
    #[arg(long)]
    user: String,
    /// An account of its own; more by commas or by giving it again
    #[arg(long = "account", value_name = "NAME", value_delimiter = ',')]
    accounts: Vec<String>,
    /// All accounts are its own
    #[arg(long, conflicts_with = "accounts")]
    all_accounts: bool,
    /// What it may do: read, trade, admin; more by commas or by giving it again
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', required = true)]
    scopes: Vec<String>,
    /// Messages a second in the long run
    #[arg(long)]
    rate: Option<u32>,
    /// Messages at once; as many as the rate if absent
    #[arg(long, requires = "rate")]
    burst: Option<u32>,
    /// Most lots of an order
    #[arg(long, value_name = "LOTS")]
    order_quantity: Option<u32>,
    /// Most money an order may be worth
    #[arg(long, value_name = "MONEY")]
    order_value: Option<String>,
    /// How far a price may lie through the mark, a share of it
    #[arg(long, value_name = "SHARE")]
    collar: Option<String>,
    /// Most open orders of an account
    #[arg(long, value_name = "COUNT")]
    open_orders: Option<u32>,
    /// Cancel its accounts' orders when its last trading session ends
    #[arg(long)]
    cancel_on_disconnect: bool,
    /// Print an object with user and secret
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct List {
    #[command(flatten)]
    place: Place,
    /// Print an array of objects
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub fn run(args: Args) -> Result<(), Failure> {
    match args.job {
        Job::Add(args) => add(&args),
        Job::List(args) => list(&args),
    }
}

fn add(args: &Add) -> Result<(), Failure> {
    let path = args.place.path();
    let before = match auth::load_keys(&path, MONEY_DECIMALS) {
        Ok(_) => std::fs::read_to_string(&path)
            .map_err(|error| super::files::unreadable(&shown(&path), &error))?,
        Err(_) if !path.exists() => String::new(),
        Err(error) => return Err(Failure::input(error)),
    };
    let secret = auth::draw_secret()
        .map_err(|error| Failure::run(format!("the system's source of chance: {error}")))?;
    let secret = auth::to_hex(&secret);
    let entry = entry(args, &secret);
    let space = if before.is_empty() { "" } else { "\n" };
    let after = format!("{before}{space}{entry}");
    // What is wrong with the arguments shows when the file is read as the server will read it.
    auth::read_keys(&shown(&path), &after, MONEY_DECIMALS)
        .map_err(|error| Failure::input(of_arguments(&error)))?;
    make_folder(args.place.data.as_deref()).and_then(|()| write_whole(&path, &after)).map_err(
        |error| {
            let found = match error.kind() {
                ErrorKind::NotFound => "no such directory".to_owned(),
                _ => error.to_string(),
            };
            let error = plimsoll_text::Error::new("file", "a file that can be written", &found);
            Failure::input(error.in_file(&shown(&path)))
        },
    )?;
    let line =
        if args.json { json!({ "user": args.user, "secret": secret }).to_string() } else { secret };
    print(&line)
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The error of a new entry, as one of an argument: `user[3].limits.collar` is `--collar`.
fn of_arguments(error: &plimsoll_text::Error) -> String {
    let field = error.field.rsplit('.').next().unwrap_or_default();
    let field = field.split('[').next().unwrap_or_default();
    let argument = match field {
        "name" => "--user".to_owned(),
        "scopes" => "--scope".to_owned(),
        "accounts" => "--account".to_owned(),
        other => format!("--{}", other.replace('_', "-")),
    };
    format!("{argument}: expected {}, found {}", error.expected, error.found)
}

/// The new user as the file has it.
fn entry(args: &Add, secret: &str) -> String {
    // JSON's strings are TOML's, their escapes included.
    let quoted = |text: &String| Value::from(text.as_str()).to_string();
    let list = |all: &[String]| all.iter().map(quoted).collect::<Vec<_>>().join(", ");
    let accounts = match args.all_accounts {
        true => "\"all\"".to_owned(),
        false => format!("[{}]", list(&args.accounts)),
    };
    let mut text = format!(
        "[[user]]\nname = {}\nsecret = \"{secret}\"\naccounts = {accounts}\nscopes = [{}]\n",
        quoted(&args.user),
        list(&args.scopes),
    );
    if args.cancel_on_disconnect {
        text += "cancel_on_disconnect = true\n";
    }
    let limits = [
        ("rate", args.rate.map(|n| n.to_string())),
        ("burst", args.burst.map(|n| n.to_string())),
        ("order_quantity", args.order_quantity.map(|n| n.to_string())),
        ("order_value", args.order_value.as_ref().map(quoted)),
        ("collar", args.collar.as_ref().map(quoted)),
        ("open_orders", args.open_orders.map(|n| n.to_string())),
    ];
    let given: Vec<String> =
        limits.into_iter().filter_map(|(key, value)| Some(format!("{key} = {}", value?))).collect();
    if !given.is_empty() {
        text += &format!("limits = {{ {} }}\n", given.join(", "));
    }
    text
}

/// The server's folder, which may be older or younger than its keys. What is traded is for its owner alone, as they are.
fn make_folder(data: Option<&Path>) -> io::Result<()> {
    data.map_or(Ok(()), super::files::make_private_folder)
}

/// Puts `text` in place of the file, for its owner alone, whole or not at all.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temp = path.with_file_name(name);
    let written = create_private(&temp).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&temp, path)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&temp);
    }
    written
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn list(args: &List) -> Result<(), Failure> {
    let users = auth::load_keys(&args.place.path(), MONEY_DECIMALS).map_err(Failure::input)?;
    if args.json {
        let all: Vec<Value> = users.iter().map(object).collect();
        return print(&Value::from(all).to_string());
    }
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(["user", "scopes", "accounts", "limits"]);
    for user in &users {
        let limits = limits(&user.limits);
        let limits: Vec<String> =
            limits.iter().map(|(key, value)| format!("{key} {}", plain(value))).collect();
        table.add_row([
            user.name.as_str().to_owned(),
            scopes(user).join(" "),
            accounts(user).map_or("all".to_owned(), |names| names.join(" ")),
            limits.join(", "),
        ]);
    }
    print(&table.to_string())
}

fn object(user: &User) -> Value {
    json!({
        "user": user.name.as_str(),
        "scopes": scopes(user),
        "accounts": accounts(user).map_or(json!("all"), |names| json!(names)),
        "limits": limits(&user.limits).into_iter().collect::<serde_json::Map<String, Value>>(),
        "cancel_on_disconnect": user.cancel_on_disconnect,
    })
}

fn scopes(user: &User) -> Vec<&'static str> {
    let all =
        [("read", user.scopes.read), ("trade", user.scopes.trade), ("admin", user.scopes.admin)];
    all.into_iter().filter(|(_, has)| *has).map(|(word, _)| word).collect()
}

fn accounts(user: &User) -> Option<Vec<&str>> {
    match &user.reach {
        Reach::All => None,
        Reach::Accounts(names) => Some(names.iter().map(Label::as_str).collect()),
    }
}

fn limits(limits: &Limits) -> Vec<(String, Value)> {
    let decimal = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut text = Vec::new();
        write(&mut text);
        Value::from(String::from_utf8_lossy(&text).into_owned())
    };
    let share =
        |share: Ratio| decimal(&|out| write_scaled(out, i128::from(share.nano()), Ratio::DECIMALS));
    let value = |units| decimal(&|out| write_money(out, Money::new(units), MONEY_DECIMALS));
    let all = [
        ("rate", limits.rate.map(|(rate, _)| rate.get().into())),
        ("burst", limits.rate.map(|(_, burst)| burst.get().into())),
        ("order_quantity", limits.order_quantity.map(|lots| lots.lots().into())),
        ("order_value", limits.order_value.map(value)),
        ("collar", limits.collar.map(share)),
        ("open_orders", limits.open_orders.map(Value::from)),
    ];
    all.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn print(line: &str) -> Result<(), Failure> {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::run(format!("stdout: file: expected to be written, found {error}")))
        }
        _ => Ok(()),
    }
}
