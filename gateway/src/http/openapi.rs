//! The description of all this in OpenAPI's terms, made from the table of routes and a file of schemas.

use super::reply::CODES;
use super::routes::{Need, ROUTES, Route};
use serde_json::{Map, Value, json};

/// Schemas of bodies and answers, by name.
const SCHEMAS: &str = include_str!("schemas.json");

const SECURITY: [(&str, &str, &str); 4] = [
    ("user", "X-Plimsoll-User", "The key's name."),
    ("timestamp", "X-Plimsoll-Timestamp", "Milliseconds since 1970, not older than the window."),
    ("nonce", "X-Plimsoll-Nonce", "8 to 64 visible ASCII characters, never used before."),
    (
        "signature",
        "X-Plimsoll-Signature",
        "Hex of HMAC-SHA256 under the secret of: method, path with query, timestamp, nonce, hex of SHA-256 of the body; a newline between each two.",
    ),
];

/// The OpenAPI 3.1 text, as it is served and kept in docs/openapi.json.
pub fn text() -> String {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_ascii_lowercase()] = operation(route);
    }
    let schemas: Value = match serde_json::from_str(SCHEMAS) {
        Ok(schemas) => schemas,
        Err(error) => plimsoll_types::broken(format_args!("schemas.json: {error}")),
    };
    let security: Map<String, Value> = SECURITY
        .iter()
        .map(|(key, name, about)| {
            let scheme =
                json!({ "type": "apiKey", "in": "header", "name": name, "description": about });
            ((*key).to_owned(), scheme)
        })
        .collect();
    let whole = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Plimsoll",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "An exchange in a box. Decimals are strings. docs/HTTP.md is the manual.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": { "schemas": schemas, "securitySchemes": security },
    });
    format!("{whole:#}\n")
}

fn operation(route: &Route) -> Value {
    let success = match (route.answer, route.path) {
        ("Stream", _) => ("101", "Switching to a WebSocket."),
        (_, "/v1/orders") => ("201", "The order entered. 200: a copy of one that had."),
        _ => ("200", "Done."),
    };
    let codes: Vec<&str> = CODES.iter().map(|(code, ..)| *code).collect();
    let mut operation = json!({
        "operationId": format!("{:?}", route.op),
        "summary": route.about,
        "parameters": parameters(route),
        "responses": {
            success.0: { "description": success.1, "content": answered(route) },
            "default": {
                "description": format!("Refused: {}; or the code of a rejection.", codes.join(", ")),
                "content": content(&reference("Refused")),
            },
        },
        "x-scope": match route.need {
            Need::Nothing => "none",
            Need::Market => "none, or read where market data is not open",
            Need::Read => "read",
            Need::Trade => "trade",
            Need::Admin => "admin",
        },
    });
    if let Some(body) = route.body {
        operation["requestBody"] =
            json!({ "required": true, "content": content(&reference(body)) });
    }
    if !matches!(route.need, Need::Nothing | Need::Market) {
        let all: Map<String, Value> =
            SECURITY.iter().map(|(key, ..)| ((*key).to_owned(), json!([]))).collect();
        operation["security"] = json!([all]);
    }
    operation
}

fn parameters(route: &Route) -> Value {
    let inside = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut all: Vec<Value> = inside
        .map(|name| {
            json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "maxLength": 39 } })
        })
        .collect();
    all.extend(route.query.iter().map(|param| {
        json!({
            "name": param.name, "in": "query", "required": param.required,
            "description": param.about, "schema": { "type": "string" },
        })
    }));
    if matches!(route.need, Need::Trade) || route.path == "/v1/admin/commands" {
        all.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "1 to 64 visible ASCII characters; what comes a second time under it is not carried out again.",
            "schema": { "type": "string" },
        }));
    }
    all.into()
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn content(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

/// What a route answers with.
fn answered(route: &Route) -> Value {
    let schema = reference(route.answer);
    match route.answer {
        "Page" => json!({ "text/html": { "schema": schema } }),
        _ => content(&schema),
    }
}
