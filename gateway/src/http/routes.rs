//! Every path there is, in one table: requests are matched against it, and the OpenAPI text is made from it.

use super::query::decoded;
use super::reply::No;
use plimsoll_types::Label;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Page,
    Time,
    Status,
    OpenApi,
    Instruments,
    Book,
    Trades,
    Marks,
    Accounts,
    Account,
    Orders,
    Positions,
    Risk,
    Statement,
    Cases,
    PlaceOrder,
    ReplaceOrder,
    CancelOrder,
    CancelAll,
    Leverage,
    MoveMargin,
    Command,
    Kill,
    Restore,
    Stream,
}

/// What it takes to ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing.
    Nothing,
    /// Nothing where market data is open, else a key that may read.
    Market,
    /// A key that may read.
    Read,
    /// A key that may trade.
    Trade,
    /// A key that may administer.
    Admin,
}

/// A field of a query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Param {
    pub name: &'static str,
    pub required: bool,
    pub about: &'static str,
}

/// A path with a method.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub op: Op,
    pub need: Need,
    pub about: &'static str,
    pub query: &'static [Param],
    /// The body's schema in the OpenAPI text, where it has one.
    pub body: Option<&'static str>,
    /// The answer's.
    pub answer: &'static str,
}

const ACCOUNT: Param = Param { name: "account", required: true, about: "The account's name." };

const fn limit(about: &'static str) -> Param {
    Param { name: "limit", required: false, about }
}

const fn get(
    path: &'static str,
    op: Op,
    need: Need,
    query: &'static [Param],
    answer: &'static str,
    about: &'static str,
) -> Route {
    Route { method: "GET", path, op, need, about, query, body: None, answer }
}

const fn post(
    path: &'static str,
    op: Op,
    need: Need,
    body: &'static str,
    answer: &'static str,
    about: &'static str,
) -> Route {
    Route { method: "POST", path, op, need, about, query: &[], body: Some(body), answer }
}

/// The table.
pub(super) const ROUTES: &[Route] = &[
    get(
        "/",
        Op::Page,
        Need::Nothing,
        &[],
        "Page",
        "A page for people: a book and its trades, live.",
    ),
    get("/v1/time", Op::Time, Need::Nothing, &[], "Time", "The server's clock."),
    get(
        "/v1/status",
        Op::Status,
        Need::Nothing,
        &[],
        "Status",
        "Whether all is well, and how far it has come.",
    ),
    get("/v1/openapi.json", Op::OpenApi, Need::Nothing, &[], "OpenApi", "This description."),
    get(
        "/v1/instruments",
        Op::Instruments,
        Need::Market,
        &[],
        "Instruments",
        "What is traded, and how.",
    ),
    get(
        "/v1/books/{symbol}",
        Op::Book,
        Need::Market,
        &[Param {
            name: "depth",
            required: false,
            about: "Levels a side, 1 to 1000; 50 where nothing is said.",
        }],
        "Book",
        "A book: levels from the best.",
    ),
    get(
        "/v1/trades/{symbol}",
        Op::Trades,
        Need::Market,
        &[limit("1 to 1000; 100 where nothing is said.")],
        "Trades",
        "The last trades since the server started, the newest first.",
    ),
    get("/v1/marks", Op::Marks, Need::Market, &[], "Marks", "Every instrument's mark."),
    get(
        "/v1/accounts",
        Op::Accounts,
        Need::Read,
        &[
            Param {
                name: "after",
                required: false,
                about: "Begins after the account of this name.",
            },
            limit("1 to 1000; 100 where nothing is said."),
        ],
        "Accounts",
        "The key's accounts.",
    ),
    get(
        "/v1/accounts/{account}",
        Op::Account,
        Need::Read,
        &[],
        "Account",
        "An account with its positions and orders.",
    ),
    get("/v1/accounts/{account}/orders", Op::Orders, Need::Read, &[], "Orders", "Its open orders."),
    get(
        "/v1/accounts/{account}/positions",
        Op::Positions,
        Need::Read,
        &[],
        "Positions",
        "Its positions.",
    ),
    get(
        "/v1/accounts/{account}/risk",
        Op::Risk,
        Need::Read,
        &[],
        "Risk",
        "Margin, measure, tier, and liquidation prices.",
    ),
    get(
        "/v1/accounts/{account}/statement",
        Op::Statement,
        Need::Read,
        &[limit("1 to 1000; 100 where nothing is said.")],
        "Events",
        "Its last bookings and fills since the server started, the newest first, out of a window that all accounts share.",
    ),
    get(
        "/v1/cases",
        Op::Cases,
        Need::Read,
        &[],
        "Cases",
        "Liquidation cases of the key's accounts: open ones, and the last closed.",
    ),
    post("/v1/orders", Op::PlaceOrder, Need::Trade, "Order", "Outcome", "Enters an order."),
    Route {
        method: "PATCH",
        path: "/v1/orders/{id}",
        op: Op::ReplaceOrder,
        need: Need::Trade,
        about: "Changes an open order: its price and its open quantity.",
        query: &[],
        body: Some("Replace"),
        answer: "Outcome",
    },
    Route {
        method: "DELETE",
        path: "/v1/orders/{id}",
        op: Op::CancelOrder,
        need: Need::Trade,
        about: "Cancels an order.",
        query: &[ACCOUNT],
        body: None,
        answer: "Outcome",
    },
    post(
        "/v1/cancel_all",
        Op::CancelAll,
        Need::Trade,
        "CancelAll",
        "Outcome",
        "Cancels an account's orders.",
    ),
    post(
        "/v1/leverage",
        Op::Leverage,
        Need::Trade,
        "Leverage",
        "Outcome",
        "Sets an account's leverage in an instrument.",
    ),
    post(
        "/v1/move_margin",
        Op::MoveMargin,
        Need::Trade,
        "MoveMargin",
        "Outcome",
        "Moves money into an isolated position, or out of it.",
    ),
    post(
        "/v1/admin/commands",
        Op::Command,
        Need::Admin,
        "Command",
        "Outcome",
        "Carries out any command, for any account.",
    ),
    post(
        "/v1/admin/kill",
        Op::Kill,
        Need::Admin,
        "Kill",
        "Killed",
        "Freezes an account, or the whole exchange where none is named, and cancels its orders.",
    ),
    post(
        "/v1/admin/restore",
        Op::Restore,
        Need::Admin,
        "Kill",
        "Killed",
        "Undoes a kill: what is frozen may trade again. Cancelled orders stay cancelled.",
    ),
    get(
        "/v1/stream",
        Op::Stream,
        Need::Nothing,
        &[],
        "Stream",
        "A WebSocket: see docs/HTTP.md, \"Streams\".",
    ),
];

/// A route with what its path's braces stood for.
#[derive(Debug)]
pub(super) struct Found {
    pub route: &'static Route,
    pub part: Option<String>,
}

impl Found {
    /// The name in the path.
    pub fn label(&self) -> Result<Label, No> {
        let named = self.part.as_deref().and_then(Label::new);
        named.ok_or_else(|| No::malformed("path", "expected a name of 1 to 39 bytes"))
    }
}

/// Finds the route of a request.
///
/// Rejects: `not_found`; `method`, where the path takes another.
pub(super) fn find(method: &str, path: &str) -> Result<Found, No> {
    let mut other = false;
    for route in ROUTES {
        let Some(part) = matched(route.path, path) else { continue };
        if route.method == method {
            let part = part.map(decoded).transpose()?;
            return Ok(Found { route, part });
        }
        other = true;
    }
    Err(No::new(if other { "method" } else { "not_found" }))
}

/// What a template's braces stand for in a path; `None` where they do not match.
fn matched<'p>(template: &str, path: &'p str) -> Option<Option<&'p str>> {
    let (mut parts, mut part) = (path.split('/'), None);
    for wanted in template.split('/') {
        let given = parts.next()?;
        if wanted.starts_with('{') {
            part = Some(given);
        } else if wanted != given {
            return None;
        }
    }
    parts.next().is_none().then_some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_finds_its_route_and_its_name() {
        let found = find("GET", "/v1/accounts/a%20b/orders").unwrap();
        assert_eq!((found.route.op, found.part.as_deref()), (Op::Orders, Some("a b")));
        assert_eq!(find("DELETE", "/v1/orders/a%2Fb").unwrap().label().unwrap().as_str(), "a/b");
        assert_eq!(find("PUT", "/v1/orders").unwrap_err().code, "method");
        assert_eq!(find("GET", "/v1/orders/x/y").unwrap_err().code, "not_found");
        assert_eq!(find("GET", "/v1/books/%zz").unwrap_err().code, "malformed");
        assert_eq!(find("GET", "/v1/books/%ff").unwrap_err().code, "malformed");
        assert!(find("GET", "/v1/books/").unwrap().label().is_err());
    }

    #[test]
    fn no_two_routes_are_the_same() {
        for (n, route) in ROUTES.iter().enumerate() {
            assert_eq!(find(route.method, route.path).unwrap().route.op, route.op, "{n}");
        }
    }
}
