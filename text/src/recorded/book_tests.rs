//! The venue's queues as recorded: who stands first, what an execution takes.

use super::*;
use crate::recorded::lines::name;

/// A book in cents with ticks of one cent.
fn book() -> (Book, Script) {
    let listing = Listing::new(name("X"), 2, 1, (1, 1000), 500).expect("a good listing");
    (Book::new(listing), Script::default())
}

fn written(script: &mut Script) -> Vec<String> {
    let lines = script.take(None).commands.into_iter();
    lines.map(|command| String::from_utf8(command.line).expect("UTF-8")).collect()
}

fn queue(book: &Book, side: Side, price: i64) -> Vec<String> {
    book.queue(side, price).map(|id| id.to_string()).collect()
}

/// a and b in this order at 500, c at 501; all buy 10.
fn three() -> (Book, Script) {
    let (mut book, mut script) = book();
    for (id, price) in [("a", 500), ("b", 500), ("c", 501)] {
        book.enter(&mut script, name(id), Side::Buy, price, 10);
    }
    script.take(None);
    (book, script)
}

#[test]
fn an_order_enters_at_the_back_of_its_price() {
    let (book, _) = three();
    assert_eq!(queue(&book, Side::Buy, 500), ["a", "b"]);
    assert_eq!(book.levels(Side::Buy).collect::<Vec<_>>(), [(501, 10), (500, 20)]);
    assert_eq!(book.front(Side::Buy).map(|(id, _)| id), Some(name("c")));
}

#[test]
fn less_quantity_keeps_the_place_and_more_loses_it() {
    let (mut book, mut script) = three();
    book.change(&mut script, &name("a"), 500, 9);
    assert_eq!(queue(&book, Side::Buy, 500), ["a", "b"]);
    book.change(&mut script, &name("a"), 500, 10);
    assert_eq!(queue(&book, Side::Buy, 500), ["b", "a"]);
    book.change(&mut script, &name("b"), 500, 10);
    assert_eq!(
        written(&mut script),
        [
            "{\"ts\":0,\"cmd\":\"replace\",\"account\":\"market\",\"id\":\"a\",\"price\":\"5\",\"qty\":\"9\"}\n",
            "{\"ts\":0,\"cmd\":\"replace\",\"account\":\"market\",\"id\":\"a\",\"price\":\"5\",\"qty\":\"10\"}\n",
        ],
        "a change to what is there already is no command"
    );
}

#[test]
fn another_price_goes_to_its_back() {
    let (mut book, mut script) = three();
    book.change(&mut script, &name("c"), 500, 4);
    assert_eq!(queue(&book, Side::Buy, 500), ["a", "b", "c"]);
    assert_eq!(book.levels(Side::Buy).collect::<Vec<_>>(), [(500, 24)]);
}

#[test]
fn a_cut_of_all_is_a_cancel() {
    let (mut book, mut script) = three();
    book.cut(&mut script, &name("a"), 3);
    book.cut(&mut script, &name("a"), 7);
    let lines = written(&mut script);
    assert!(lines[0].contains("\"cmd\":\"replace\"") && lines[0].contains("\"qty\":\"7\""));
    assert!(lines[1].contains("\"cmd\":\"cancel\""), "{lines:?}");
    assert_eq!(queue(&book, Side::Buy, 500), ["b"]);
}

#[test]
fn the_front_is_the_first_order_at_the_best_price() {
    let (mut book, mut script) = three();
    let standing = |book: &Book, id: &str, price, qty| book.standing(&name(id), price, qty);
    let not = |reason, front: &str| Standing::Not(reason, Some(name(front)));
    assert_eq!(standing(&book, "c", 501, 10), Standing::Front);
    assert_eq!(standing(&book, "c", 501, 11), Standing::Shown(10));
    assert_eq!(standing(&book, "c", 500, 1), Standing::Not(Reason::OtherPrice, None));
    assert_eq!(standing(&book, "a", 500, 1), not(Reason::BetterPrice, "c"));
    assert_eq!(standing(&book, "z", 500, 1), Standing::Not(Reason::UnknownOrder, None));
    book.cancel(&mut script, &name("c"));
    assert_eq!(standing(&book, "b", 500, 1), not(Reason::NotAtFront, "a"));
    book.go(&mut script, Phase::Auction);
    assert_eq!(standing(&book, "a", 500, 1), Standing::Not(Reason::NotContinuous, None));
}

#[test]
fn an_execution_is_an_order_of_the_taker_on_the_other_side() {
    let (mut book, mut script) = three();
    script.at(7);
    book.execute(&mut script, &name("c"), 4, 12);
    let step = script.take(None);
    let fill =
        Fill { order: name("c"), price: book.listing().ticks(501), qty: Qty::new(4), place: 12 };
    assert_eq!(step.commands[0].purpose, Purpose::Execution(fill));
    assert_eq!(
        String::from_utf8_lossy(&step.commands[0].line),
        "{\"ts\":7,\"cmd\":\"order\",\"account\":\"taker\",\"id\":\"x1\",\"symbol\":\"X\",\"side\":\"sell\",\
         \"price\":\"5.01\",\"qty\":\"4\",\"tif\":\"ioc\"}\n"
    );
    assert_eq!(book.find(&name("c")).map(|order| order.qty), Some(6));
}

#[test]
fn of_two_orders_that_cross_the_older_goes() {
    let (mut book, mut script) = three();
    book.go(&mut script, Phase::Auction);
    book.enter(&mut script, name("s"), Side::Sell, 500, 1);
    book.uncross_by_cancels(&mut script);
    assert!(book.find(&name("s")).is_some());
    assert_eq!(book.levels(Side::Buy).count(), 0);
    assert_eq!(script.tally.get("cancelled_in_the_way"), 3);
}

#[test]
fn an_id_entered_twice_is_cancelled_first() {
    let (mut book, mut script) = three();
    book.enter(&mut script, name("a"), Side::Sell, 600, 1);
    assert_eq!(script.tally.get("entered_twice"), 1);
    assert_eq!(queue(&book, Side::Buy, 500), ["b"]);
    assert!(written(&mut script)[0].contains("\"cmd\":\"cancel\""));
}

#[test]
fn time_never_falls() {
    let (mut book, mut script) = book();
    script.at(9);
    script.at(8);
    book.enter(&mut script, name("a"), Side::Buy, 1, 1);
    assert!(written(&mut script)[0].starts_with("{\"ts\":9,"));
    assert_eq!(script.tally.get("times_raised"), 1);
}
