//! Tests of latency models: how they are read, and that no message overtakes another.

use super::*;
use plimsoll_text::config::dom::Source;

const MS: Ts = 1_000_000;

fn read(text: &str) -> Result<LatencyPlan, Error> {
    read_beside("s.toml", text)
}

fn read_beside(file: &str, text: &str) -> Result<LatencyPlan, Error> {
    let source = Source::new(file, text);
    let table = source.parse()?;
    let mut root = Section::new(source.root(&table));
    let plan = LatencyPlan::read(&mut root, "latency", Path::new(file))?;
    root.finish()?;
    Ok(plan)
}

#[test]
fn one_duration_is_for_every_way_and_a_table_for_each() {
    assert_eq!(read("").expect("good"), LatencyPlan::default());
    let five = Model::Constant(5 * MS);
    assert_eq!(read("latency = \"5ms\"").expect("good"), LatencyPlan::each(&five));
    let plan = read("latency = { feed = \"1ms\", orders = \"5ms\" }").expect("good");
    assert_eq!(plan.feed, Model::Constant(MS));
    assert_eq!((plan.orders, plan.replies), (five, Model::Constant(0)));
}

#[test]
fn what_is_no_latency_is_named() {
    for (text, named) in [
        ("latency = 5", "latency: expected a duration"),
        ("latency = \"5\"", "latency: expected a duration"),
        ("latency = \"2h\"", "latency: expected a duration"),
        ("latency = { fed = \"1ms\" }", "latency.fed: expected a known key"),
        ("latency = { file = \"nowhere.txt\" }", "latency.file: expected a readable file"),
        ("latency = { sessions = [] }", "latency.sessions: expected at least one"),
        (
            "latency = { sessions = [{ from = \"1\", to = \"2\" }] }",
            "latency.sessions[0].from: expected a time of day",
        ),
        (
            "latency = { sessions = [{ from = \"09:30:00\", to = \"15:00:00\" }], otherwise = \"1ms\" }",
            "latency.sessions[0].latency: expected a duration",
        ),
        (
            "latency = { sessions = [{ from = \"09:30:00\", to = \"15:00:00\", latency = \"1ms\" }] }",
            "latency.otherwise: expected a duration",
        ),
    ] {
        let said = read(text).expect_err(text).to_string();
        assert!(said.starts_with("s.toml:1: ") && said.contains(named), "{said}");
    }
}

#[test]
fn measurements_carry_their_unit_or_their_heading_does() {
    let read = |text| measurements("m.txt", text);
    assert_eq!(
        *read("# a link\n350us\n1.25ms\n\n2s\n").expect("good"),
        [350_000, 1_250_000, 2 * SECOND]
    );
    assert_eq!(*read("latency_us,n\n12.5,1\n7,2\n").expect("good"), [12_500, 7_000]);
    for (text, line) in [
        ("350us\nfast\n", "m.txt:2"),
        ("350\n", "m.txt:1"),
        ("latency\n350\n", "m.txt:1"),
        ("0.5ns\n", "m.txt:1"),
        ("2ms\n3700s\n", "m.txt:2"),
        ("2ms\n-1ms\n", "m.txt:2"),
        ("# nothing\n", "m.txt"),
    ] {
        let said = read(text).expect_err(text).to_string();
        assert!(said.starts_with(line), "{text:?}: {said}");
    }
}

#[test]
fn a_file_lies_beside_its_scenario() {
    let folder = std::env::temp_dir().join(format!("plimsoll-latency-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("made");
    std::fs::write(folder.join("link.txt"), "3ms\n").expect("written");
    let file = folder.join("s.toml").display().to_string();
    let plan = read_beside(&file, "latency = { replies = { file = \"link.txt\" } }");
    std::fs::remove_dir_all(&folder).expect("removed");
    assert_eq!(plan.expect("good").replies, Model::Measured([3 * MS].into()));
}

#[test]
fn no_message_overtakes_another() {
    let model = Model::Measured([MS, 50 * MS, 2 * MS].into());
    let mut line = Latency::new(&model, 1, Way::Orders, 0);
    let arrivals: Vec<Ts> = (0..200).map(|n| line.delay(n * MS)).collect();
    assert!(arrivals.is_sorted());
    assert!(arrivals.iter().enumerate().all(|(n, at)| *at > n as Ts * MS));
    assert!(arrivals.windows(2).any(|pair| pair[0] == pair[1]), "a fast one waits for a slow one");
}

#[test]
fn draws_follow_seed_way_and_strategy() {
    let delays: Vec<Ts> = (1..1000).collect();
    let model = Model::Measured(delays.into());
    let draw = |seed, way, member| Latency::new(&model, seed, way, member).delay(0);
    assert_eq!(draw(1, Way::Feed, 0), draw(1, Way::Feed, 0));
    assert_ne!(draw(1, Way::Feed, 0), draw(1, Way::Replies, 0));
    assert_ne!(draw(1, Way::Feed, 0), draw(1, Way::Feed, 1));
    assert_ne!(draw(1, Way::Feed, 0), draw(2, Way::Feed, 0));
}

#[test]
fn sessions_go_by_the_time_of_day_also_over_midnight() {
    let plan = read(
        "latency.otherwise = \"9ms\"\n\
         latency.sessions = [{ from = \"21:00:00\", to = \"02:30:00\", latency = \"1ms\" },\
         { from = \"09:30:00\", to = \"15:00:00\", latency = \"4ms\" }]",
    );
    let model = plan.expect("good").orders;
    let hour = 3600 * SECOND;
    let delay = |hours: Ts| {
        let ts = hours * hour;
        Latency::new(&model, 1, Way::Orders, 0).delay(ts) - ts
    };
    assert_eq!(
        [delay(22), delay(2), delay(25), delay(10), delay(15), delay(5)].map(|d| d / MS),
        [1, 1, 1, 4, 9, 9]
    );
}
