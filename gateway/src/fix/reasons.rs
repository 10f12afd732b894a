//! The exchange's reasons in FIX's numbers; the exact code always stands in Text (58).

/// OrdRejReason (103).
pub fn order_reject(code: &str) -> u8 {
    match code {
        "unknown_symbol" => 1,
        "phase" => 2,
        "order_quantity" | "order_value" | "open_orders" | "position_limit" | "margin" => 3,
        "unknown_order" => 5,
        "duplicate_id" | "duplicate_token" => 6,
        "display" | "min_qty" | "post_only" | "reduce_only" | "offset" => 11,
        "quantity_not_positive" | "quantity_off_lot" | "quantity_too_large" => 13,
        "unknown_account" | "not_your_account" => 15,
        _ => 99,
    }
}

/// CxlRejReason (102).
pub fn cancel_reject(code: &str) -> u8 {
    match code {
        "too_late" => 0,
        "unknown_order" => 1,
        "liquidation" | "frozen" | "phase" | "margin" | "price_band" => 2,
        "duplicate_token" => 6,
        _ => 99,
    }
}
