//! The C++ engine's Python package as a client, with its dictionary's checks on.

use super::rig::{Rig, password};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A Python that has `quickfix`: the one that `PLIMSOLL_FIX_PYTHON` names, or one made here.
fn python() -> Result<PathBuf, String> {
    if let Some(given) = std::env::var_os("PLIMSOLL_FIX_PYTHON") {
        return Ok(given.into());
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("quickfix");
    let python = folder.join("bin/python");
    let run = |program: &Path, words: &[&str]| -> Result<(), String> {
        let output = Command::new(program).args(words).output();
        let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
        let error = String::from_utf8_lossy(&output.stderr);
        output.status.success().then_some(()).ok_or_else(|| error.trim().to_owned())
    };
    if run(&python, &["-c", "import quickfix"]).is_err() {
        let name = folder.to_string_lossy();
        run(Path::new("python3"), &["-m", "venv", &name])?;
        run(&python, &["-m", "pip", "install", "--quiet", "quickfix-py==0.0.3"])?;
        run(&python, &["-c", "import quickfix"])?;
    }
    Ok(python)
}

#[test]
fn a_client_of_another_make_is_served() {
    let python = match python() {
        Ok(python) => python,
        Err(why) => return println!("SKIPPED: no Python with quickfix-py: {why}"),
    };
    let rig = Rig::start();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fix/quickfix_client.py");
    let output = Command::new(python)
        .arg(script)
        .arg(rig.address.to_string())
        .args([password("anna"), password("bert")])
        .output()
        .expect("Python runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stdout));
    rig.stop();
}
