//! The rest of the chain: isolated margin, funding, schedules, takeover, deleveraging, shared losses, forced reduction.

pub const EXCHANGE: &str = r#"
[exchange]
currency = "USDT"
money_decimals = 2
[insurance_fund]
initial = "100"
[[instrument]]
symbol = "BTC"
kind = "perpetual"
tick_size = "1"
lot_size = "1"
multiplier = "1"
prev_settlement = "1000"
margin_initial = "0.10"
margin_maintenance = "0.05"
mark = "external"
report_at = "10"
position_limit = "20"
fee_liquidation = "0.001"
funding = { interest = "0.0001", clamp = "0.0005", impact = "1" }
[[instrument]]
symbol = "RB"
kind = "future"
tick_size = "1"
lot_size = "1"
multiplier = "10"
prev_settlement = "5000"
price_limit = "0.06"
margin_initial = "0.10"
margin_maintenance = "0.08"
settlement_price = "last"
reduction = { loss = "0.05", tiers = ["0.05", "0"] }
[[profile]]
name = "cross"
basis = "maintenance"
[[profile.tier]]
name = "liquidation"
at = "1"
action = "liquidate"
[profile.liquidation]
target = "0.9"
policy = "full"
price = "bankruptcy"
waterfall = ["insurance_fund", "adl", "socialise"]
[[profile]]
name = "social"
[[profile.tier]]
name = "liquidation"
at = "1"
action = "liquidate"
[profile.liquidation]
target = "0.9"
waterfall = ["insurance_fund", "socialise"]
[[profile]]
name = "isolated"
margin_mode = "isolated"
basis = "maintenance"
[[profile.tier]]
name = "call"
at = "0.5"
action = "call"
grace = "1h"
also = ["close_only"]
[[profile.tier]]
name = "liquidation"
at = "1"
action = "liquidate"
[profile.liquidation]
target = "0.9"
[[account]]
name = "M"
profile = "unlimited"
[[account]]
name = "W"
profile = "cross"
deposit = "100000"
[[account]]
name = "L"
profile = "cross"
deposit = "1010"
[[account]]
name = "N"
profile = "cross"
deposit = "500"
[[account]]
name = "S"
profile = "social"
deposit = "500"
[[account]]
name = "I"
profile = "isolated"
deposit = "5000"
"#;

/// Terms change; I's isolated position is watched by itself. W sells 10 lots to L, whose equity at 940 is
/// 1010 - 600 = 410 against 470: nobody buys, and the fund takes the lots over. N's 5 lots at 880 are 400 under at
/// 700, far more than the fund has: W gives. S loses more in the book than it has, and those with a profit bear it. M, long at
/// 5000, sells at the limit price in vain, and W, short, is reduced. At last W is to give up a lot by order.
pub const COMMANDS: &str = r#"{"ts":1,"cmd":"index","symbol":"BTC","price":"1000"}
{"ts":1,"cmd":"leverage","account":"I","symbol":"BTC","value":"5"}
{"ts":1,"cmd":"margin","account":"W","symbol":"RB","initial":"0.2","maintenance":"0.1"}
{"ts":1,"cmd":"schedule","symbol":"RB","at":2,"price_limit":"0.06","fee_taker":"0.0001"}
{"ts":1,"cmd":"schedule","symbol":"BTC","at":"settlement","margin_initial":"0.12","margin_maintenance":"0.05"}
{"ts":2,"cmd":"permission","symbol":"BTC","permission":"close_only"}
{"ts":2,"cmd":"permission","symbol":"BTC","permission":"normal"}
{"ts":3,"cmd":"order","account":"M","id":"m1","symbol":"BTC","side":"sell","price":"1000","qty":"2"}
{"ts":3,"cmd":"order","account":"I","id":"i1","symbol":"BTC","side":"buy","price":"1000","qty":"2"}
{"ts":3,"cmd":"move_margin","account":"I","symbol":"BTC","amount":"10"}
{"ts":3,"cmd":"move_margin","account":"I","symbol":"BTC","amount":"-5"}
{"ts":3,"cmd":"mark","symbol":"BTC","price":"860"}
{"ts":3,"cmd":"mark","symbol":"BTC","price":"800"}
{"ts":3,"cmd":"mark","symbol":"BTC","price":"1000"}
{"ts":3,"cmd":"order","account":"I","id":"i2","symbol":"BTC","side":"sell","price":"1000","qty":"2"}
{"ts":3,"cmd":"order","account":"M","id":"m2","symbol":"BTC","side":"buy","price":"1000","qty":"2"}
{"ts":3,"cmd":"profile","account":"I","profile":"unlimited"}
{"ts":4,"cmd":"order","account":"W","id":"w1","symbol":"BTC","side":"sell","price":"1000","qty":"10"}
{"ts":4,"cmd":"order","account":"L","id":"l1","symbol":"BTC","side":"buy","price":"1000","qty":"10"}
{"ts":5,"cmd":"funding","symbol":"BTC","rate":"0.0001"}
{"ts":6,"cmd":"mark","symbol":"BTC","price":"940"}
{"ts":7,"cmd":"order","account":"M","id":"m3","symbol":"BTC","side":"buy","price":"895","qty":"10"}
{"ts":8,"cmd":"mark","symbol":"BTC","price":"880"}
{"ts":8,"cmd":"order","account":"N","id":"n1","symbol":"BTC","side":"buy","price":"880","qty":"5"}
{"ts":8,"cmd":"order","account":"M","id":"m4","symbol":"BTC","side":"sell","price":"880","qty":"10"}
{"ts":8,"cmd":"order","account":"S","id":"s1","symbol":"BTC","side":"buy","price":"880","qty":"5"}
{"ts":9,"cmd":"order","account":"M","id":"m5","symbol":"BTC","side":"buy","price":"600","qty":"5"}
{"ts":9,"cmd":"mark","symbol":"BTC","price":"700"}
{"ts":11,"cmd":"order","account":"M","id":"r1","symbol":"RB","side":"buy","price":"5000","qty":"3"}
{"ts":11,"cmd":"order","account":"W","id":"r2","symbol":"RB","side":"sell","price":"5000","qty":"3"}
{"ts":12,"cmd":"order","account":"M","id":"r3","symbol":"RB","side":"sell","price":"4700","qty":"3"}
{"ts":12,"cmd":"order","account":"W","id":"r4","symbol":"RB","side":"buy","price":"4700","qty":"1"}
{"ts":12,"cmd":"forced_reduction","symbol":"RB"}
{"ts":13,"cmd":"liquidate","account":"W","symbol":"BTC","qty":"1","reason":"client_limit"}
{"ts":13,"cmd":"settle"}
"#;
