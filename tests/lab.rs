//! Comparisons and sweeps: threads, interruptions and the way jobs are run change nothing; bad input is one line.

use plimsoll_sim::lab::store::Store;
use plimsoll_sim::lab::sweep::{Sweep, write_results};
use plimsoll_sim::lab::work::{Onlooker, run};
use plimsoll_sim::scenario::BUILT_IN;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The built-in scenario with few accounts, and its fall in the first minute.
fn scenario() -> String {
    let mut text = BUILT_IN
        .replace("accounts = 3000", "accounts = 60")
        .replace("duration = \"20m\"", "duration = \"90s\"")
        .replace("initial = \"10000000\"", "initial = \"100000\"");
    let shocks = text.find("[[shock]]").expect("shocks");
    text.truncate(shocks);
    text + "[[shock]]\nname = \"fall\"\nfrom = \"10s\"\nto = \"40s\"\nvalue = \"-0.085\"\nsell = 40\n"
}

const LAB: &str = r#"
[lab]
scenario = "small.toml"
seeds = 3
baseline = "least"
[[variant]]
name = "least"
[[variant]]
name = "full"
set = { "profile.client.liquidation.policy" = "full" }
"#;

const SWEEP: &str = r#"
[sweep]
title = "batches"
scenario = "small.toml"
seeds = 2
[[axis]]
name = "batch"
key = "profile.client.liquidation.batch_max"
values = ["5", "20"]
[[axis]]
key = "profile.client.liquidation.policy"
values = ["least", "full"]
"#;

/// A folder of this test's own, with the small scenario, a comparison and a sweep of it.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("made");
    for (file, text) in
        [("small.toml", scenario()), ("lab.toml", LAB.to_owned()), ("sweep.toml", SWEEP.to_owned())]
    {
        fs::write(folder.join(file), text).expect("written");
    }
    folder
}

/// The command with its arguments, in a folder.
fn plimsoll(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.args(arguments).current_dir(folder).output().expect("it starts")
}

fn good(folder: &Path, arguments: &[&str]) -> Output {
    let ran = plimsoll(folder, arguments);
    assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    ran
}

/// Every file of a folder and those below it, with its bytes.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(at).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => open.push(path),
                false => {
                    let name = path.strip_prefix(folder).expect("inside").to_path_buf();
                    all.push((name, fs::read(&path).expect("read")));
                }
            }
        }
    }
    all.sort();
    all
}

#[test]
fn threads_change_nothing() {
    let folder = folder("lab-threads");
    for (threads, out) in [("1", "one"), ("4", "four")] {
        good(&folder, &["lab", "lab.toml", "--threads", threads, "--out", out]);
    }
    let one = files(&folder.join("one"));
    assert!(one == files(&folder.join("four")), "the files of 1 and of 4 threads differ");
    // Two variants under three seeds: six results, the tables of runs, lab.json and lab.html.
    assert_eq!(one.iter().filter(|(name, _)| name.starts_with("results")).count(), 6);
    let lab: Value = serde_json::from_slice(&fs::read(folder.join("one/lab.json")).expect("read"))
        .expect("JSON");
    assert_eq!((&lab["complete"], &lab["baseline"]), (&true.into(), &"least".into()));
    let of = |metric: &str| {
        let mut metrics = lab["metrics"].as_array().expect("metrics").iter();
        metrics.find(|found| found["metric"] == metric).cloned().expect("there")
    };
    let lots = of("lots_liquidated");
    assert_eq!(lots["variants"][0]["difference"], Value::Null);
    let (least, full) = (&lots["variants"][0]["mean"], &lots["variants"][1]["mean"]);
    assert!(full["mean"].as_f64() > least["mean"].as_f64(), "full liquidation sells more: {lots}");
    let difference = &lots["variants"][1]["difference"];
    let by_hand = full["mean"].as_f64().expect("a number") - least["mean"].as_f64().expect("one");
    assert!((difference["mean"].as_f64().expect("one") - by_hand).abs() < 1e-6);
    assert_eq!(difference["n"], 3);
}

#[test]
fn a_run_is_the_same_by_simulate_and_by_the_lab() {
    let folder = folder("lab-simulate");
    good(&folder, &["lab", "lab.toml", "--seeds", "1", "--out", "out"]);
    let simulated = good(&folder, &["simulate", "small.toml", "--seed", "1", "--json"]);
    let summary: Value = serde_json::from_slice(&simulated.stdout).expect("JSON");
    let rows = fs::read_to_string(folder.join("out/runs.jsonl")).expect("read");
    let row: Value = serde_json::from_str(rows.lines().next().expect("a row")).expect("JSON");
    assert_eq!((&row["variant"], &row["seed"]), (&"least".into(), &1.into()));
    assert_eq!(row["state_hash"], summary["state_hash"]);
    assert_eq!(row["cases"], summary["liquidations"]["cases"]);
    assert_eq!(row["commands"], summary["commands"]);
    let page = fs::read_to_string(folder.join("out/lab.html")).expect("read");
    assert!(page.contains("One seed shows what happened once"));
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("<script"));
}

/// Asks to stop once so many jobs are done.
struct Impatient {
    done: AtomicUsize,
    most: usize,
}

impl Onlooker for Impatient {
    fn done(&self, _: bool) {
        self.done.fetch_add(1, Ordering::SeqCst);
    }

    fn stop(&self) -> bool {
        self.done.load(Ordering::SeqCst) >= self.most
    }
}

/// Runs a sweep until so many jobs are done; returns how many are, and how many had been before.
fn swept(folder: &Path, out: &str, most: usize) -> (usize, usize) {
    let sweep = Sweep::load(&folder.join("sweep.toml")).expect("good");
    let out = folder.join(out);
    let store = Store::open(&out).expect("open");
    let onlooker = Arc::new(Impatient { done: AtomicUsize::new(0), most });
    let results = run(&sweep.work, &store, 2, onlooker).expect("it runs");
    let (done, complete, taken_up) = (results.done(), results.complete(), results.taken_up);
    let board = sweep.board(results.finished);
    let summary = write_results(&out, &sweep.title, board).expect("written");
    assert_eq!((summary.complete(), &summary.json["complete"]), (complete, &complete.into()));
    let missing = summary.json["missing"].as_array().expect("a list");
    assert_eq!((missing.len(), summary.missing.len()), (8 - done, 8 - done));
    (done, taken_up)
}

#[test]
fn an_interrupted_sweep_goes_on_and_ends_with_the_same_bytes() {
    let folder = folder("sweep-resume");
    assert_eq!(swept(&folder, "whole", usize::MAX), (8, 0));
    let (done, _) = swept(&folder, "cut", 3);
    assert!((3..8).contains(&done), "{done}");
    // A cut file, a foreign one and a result of another program are passed over.
    let results = folder.join("cut/results");
    let some = fs::read_dir(&results).expect("read").next().expect("one").expect("one").path();
    let text = fs::read_to_string(&some).expect("read");
    fs::write(&some, &text[..text.len() / 2]).expect("written");
    fs::write(results.join("notes.txt"), "mine").expect("written");
    assert_eq!(swept(&folder, "cut", usize::MAX), (8, done - 1));
    fs::remove_file(results.join("notes.txt")).expect("removed");
    assert!(files(&folder.join("whole")) == files(&folder.join("cut")));
    // Nothing is left to do, until the scenario changes.
    assert_eq!(swept(&folder, "cut", usize::MAX), (8, 8));
    fs::write(folder.join("small.toml"), scenario().replace("sell = 40", "sell = 41"))
        .expect("written");
    assert_eq!(swept(&folder, "cut", usize::MAX), (8, 0));
}

/// Waits until a folder has so many files.
fn wait_for_files(folder: &Path, count: usize) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while fs::read_dir(folder).map_or(0, Iterator::count) < count {
        assert!(Instant::now() < deadline, "no results in {}", folder.display());
        std::thread::yield_now();
    }
}

#[cfg(unix)]
#[test]
fn a_wish_to_stop_keeps_the_finished_runs() {
    let folder = folder("lab-stop");
    let arguments = ["lab", "lab.toml", "--seeds", "60", "--threads", "2", "--out", "out"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    let child = command.args(arguments).current_dir(&folder).stderr(Stdio::piped()).spawn();
    let child = child.expect("it starts");
    wait_for_files(&folder.join("out/results"), 3);
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.expect("kill runs").success());
    let ran = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(said.contains("marked incomplete"), "{said}");
    let read = |name: &str| fs::read_to_string(folder.join("out").join(name)).expect("read");
    let lab: Value = serde_json::from_str(&read("lab.json")).expect("JSON");
    assert_eq!(lab["complete"], false);
    assert!(read("lab.html").contains("Not all runs were done"));
    let rows = read("runs.jsonl");
    assert!(rows.ends_with('\n') && (3..120).contains(&rows.lines().count()));
    for (name, _) in files(&folder.join("out")) {
        assert!(!name.to_string_lossy().ends_with(".part"), "{}", name.display());
    }
}

#[test]
fn jobs_run_one_by_one_from_files_give_the_same_bytes() {
    let folder = folder("sweep-jobs");
    good(&folder, &["sweep", "sweep.toml", "--out", "here", "--threads", "2"]);
    good(&folder, &["sweep", "sweep.toml", "--plan", "--out", "there"]);
    assert_eq!(files(&folder.join("there/jobs")).len(), 8);
    good(&folder, &["sweep", "--job", "there/jobs/00004.toml", "--result", "there/results/x.json"]);
    let early = plimsoll(&folder, &["sweep", "--collect", "there"]);
    assert_eq!(early.status.code(), Some(1));
    let said = String::from_utf8_lossy(&early.stderr).into_owned();
    assert!(said.contains("jobs/00003.toml, jobs/00005.toml") && said.contains("1 of 8"), "{said}");
    assert!(!said.contains("00004") && !said.contains("more"), "{said}");
    fs::remove_file(folder.join("there/results/x.json")).expect("there");
    for job in (0..8).rev() {
        let (job, result) =
            (format!("there/jobs/{job:05}.toml"), format!("there/results/{job:05}.json"));
        good(&folder, &["sweep", "--job", &job, "--result", &result]);
    }
    good(&folder, &["sweep", "--collect", "there"]);
    let tables = |out: &str| -> Vec<_> {
        let all = files(&folder.join(out)).into_iter();
        all.filter(|(name, _)| {
            name.starts_with("results.jsonl")
                || name.starts_with("results.arrow")
                || name.starts_with("summary.json")
        })
        .collect()
    };
    assert!(tables("here").len() >= 2 && tables("here") == tables("there"));
    let rows = fs::read_to_string(folder.join("here/results.jsonl")).expect("read");
    let first: Value = serde_json::from_str(rows.lines().next().expect("a row")).expect("JSON");
    assert_eq!(
        (&first["batch"], &first["profile.client.liquidation.policy"]),
        (&5.into(), &"least".into())
    );
    // A job is a scenario by itself.
    let ran = good(&folder, &["simulate", "there/jobs/00000.toml", "--json", "--out", "job"]);
    let summary: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    assert_eq!(summary["state_hash"], first["state_hash"]);
}

#[test]
fn a_sweep_ends_with_its_best_and_worst_points_and_names_what_is_missing() {
    let folder = folder("sweep-table");
    let axis = "[[axis]]\nname = \"interval\"\nkey = \"profile.client.liquidation.interval\"\nvalues = [\"500ms\", \"2s\"]\n";
    fs::write(folder.join("sweep.toml"), SWEEP.to_owned() + axis).expect("written");
    let ran = good(&folder, &["sweep", "sweep.toml", "--out", "out", "--by", "batches"]);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(said.contains("By batches (") && said.contains("--by names another"), "{said}");
    // Three from either end; more batches are neither good nor bad.
    let first = |line: &str| line.split_whitespace().nth(1).map(str::to_owned);
    let ends = |end: &str| said.lines().filter(|line| first(line).as_deref() == Some(end)).count();
    assert_eq!((ends("least"), ends("most")), (3, 3), "{said}");
    let rows = fs::read_to_string(folder.join("out/results.jsonl")).expect("read");
    let rows: Vec<Value> =
        rows.lines().map(|row| serde_json::from_str(row).expect("JSON")).collect();
    let spans = |row: &Value| (row["interval"].clone(), row["interval_seconds"].clone());
    assert_eq!(spans(&rows[0]), ("500ms".into(), 0.5.into()));
    assert_eq!(spans(&rows[1]), ("2s".into(), 2.into()));
    // Of sixteen missing jobs ten are named.
    good(&folder, &["sweep", "sweep.toml", "--plan", "--out", "plan"]);
    let early = plimsoll(&folder, &["sweep", "--collect", "plan"]);
    let said = String::from_utf8_lossy(&early.stderr).into_owned();
    assert!(said.contains("jobs/00009.toml and 6 more") && !said.contains("00010"), "{said}");
}

#[test]
fn bad_input_is_one_line_and_leaves_nothing() {
    let folder = folder("lab-bad");
    let lab = |from: &str, to: &str| ("lab", LAB.replacen(from, to, 1));
    let sweep = |from: &str, to: &str| ("sweep", SWEEP.replacen(from, to, 1));
    let batch = "profile.client.liquidation.batch_max";
    let cases = [
        (lab("liquidation.policy\"", "liquidation.polity\""), "polity"),
        (lab("profile.client.", "profile.clients."), "no entry called clients"),
        (lab("= \"full\" }", "= \"fuller\" }"), "variant \"full\""),
        (lab("= \"full\" }", "= 5 }"), "variant \"full\""),
        (lab("name = \"full\"", "name = \"least\""), "a name of its own"),
        (lab("small.toml", "none.toml"), "none.toml"),
        (lab("seeds = 3", "seeds = 0"), "lab.seeds"),
        (lab("baseline = \"least\"", "baseline = \"lest\""), "lest"),
        (lab("seeds = 3", "seed = 3"), "lab.seed"),
        (lab("[lab]", "[laboratory]"), "lab"),
        (("lab", LAB[..LAB.find("[[variant]]").expect("there")].to_owned()), "variant"),
        (("lab", "scenario = ".to_owned()), "TOML"),
        (sweep("values = [\"5\", \"20\"]", "values = []"), "values"),
        (sweep("values = [\"5\", \"20\"]", "from = \"1\"\nto = \"5\""), "[sample]"),
        (sweep("[[axis]]", "[sample]\ncount = 0\n[[axis]]"), "sample.count"),
        (sweep("\"20\"]", "\"-20\"]"), "point 2"),
        (sweep("name = \"batch\"", "name = \"seed\""), "a column and key of its own"),
        (
            sweep("name = \"batch\"", "name = \"profile.client.liquidation.policy_seconds\""),
            "a column and key of its own",
        ),
        (
            sweep("key = \"profile.client.liquidation.policy\"", &format!("key = \"{batch}\"")),
            "a column",
        ),
        (
            ("sweep", SWEEP[..SWEEP.find("[[axis]]").expect("there")].to_owned()),
            "at least one axis",
        ),
    ];
    for ((command, text), what) in cases {
        fs::write(folder.join("bad.toml"), &text).expect("written");
        let ran = plimsoll(&folder, &[command, "bad.toml", "--out", "out"]);
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(2), "{what}: {said}");
        assert!(
            said.lines().count() == 1 && said.contains(what) && said.contains("bad.toml"),
            "{what}: {said}"
        );
        assert!(!folder.join("out").exists(), "{what}");
    }
}

#[test]
fn bad_jobs_are_one_line_and_exit_2() {
    let folder = folder("lab-bad-jobs");
    fs::write(folder.join("plan.json"), "{\"plan\":1}").expect("written");
    for arguments in [
        &["lab", "lab.toml", "--seeds", "0"][..],
        &["lab", "none.toml"],
        &["sweep"],
        &["sweep", "none.toml"],
        &["sweep", "--collect", "."],
        &["sweep", "sweep.toml", "--by", "profit"],
        &["sweep", "--collect", "nowhere"],
        &["sweep", "--job", "none.toml", "--result", "r.json"],
        &["sweep", "--job", "lab.toml", "--result", "r.json"],
        &["sweep", "--job", "small.toml"],
        &["sweep", "sweep.toml", "--job", "small.toml", "--result", "r.json"],
    ] {
        let ran = plimsoll(&folder, arguments);
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
        assert!(!folder.join("r.json").exists());
    }
}

#[test]
fn a_job_with_other_data_than_planned_is_refused() {
    let folder = folder("lab-data");
    let text = format!("{}# data {:032x} {}\n", scenario(), 1, folder.join("small.toml").display());
    fs::write(folder.join("job.toml"), text).expect("written");
    let ran = plimsoll(&folder, &["sweep", "--job", "job.toml", "--result", "r.json"]);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(2), "{said}");
    assert!(said.contains("data with the digest") && said.lines().count() == 1, "{said}");
}

#[test]
fn the_shipped_comparisons_can_be_read() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/lab");
    let mut read = 0;
    for entry in fs::read_dir(&folder).expect("examples") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if name.ends_with("-sweep.toml") {
            Sweep::load(&path).expect(&name);
        } else {
            plimsoll_sim::lab::plan::Lab::load(&path, None).expect(&name);
        }
        read += 1;
    }
    assert!(read >= 4, "{read} files");
}
