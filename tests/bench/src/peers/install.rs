//! The packages of the clients, in the versions that `tests/clients` pins, in a folder below `target`.

use std::fs;
use std::path::{Path, PathBuf};

use domain::psa::PsaKind;
use tokio::process::Command;

use super::clients::Client;
use crate::failure::Failure;
use crate::stage::name;

/// What the clients of one PSA need.
pub(crate) struct Packages(PathBuf);

/// Says what to install if the machine lacks a language.
pub(crate) async fn look_for_programs() -> Result<(), Failure> {
    for (command, missing) in [
        (
            &["python3", "-c", "import ensurepip, venv"][..],
            "Python 3.10 or later with its module venv (in Debian: python3 and python3-venv)",
        ),
        (
            &["node", "--version"],
            "Node 18 or later, on which some of the clients run",
        ),
        (&["npm", "--version"], "npm, which installs some of the clients"),
    ] {
        run(command)
            .await
            .map_err(|why| format!("the comparison needs {missing}: {why}"))?;
    }
    Ok(())
}

impl Packages {
    pub(crate) async fn install(kind: PsaKind) -> Result<Self, Failure> {
        let (folder, pinned) = (root().join("target/peers").join(name(kind)), pinned(kind));
        fs::create_dir_all(&folder)?;
        let python = folder.join("python");
        run(&["python3", "-m", "venv", &text(&python)]).await?;
        let pip = text(&python.join("bin/pip"));
        let requirements = text(&pinned.join("requirements.txt"));
        let quiet = ["--quiet", "--disable-pip-version-check"];
        run(&[
            &pip,
            "install",
            quiet[0],
            quiet[1],
            "--no-deps",
            "--requirement",
            &requirements,
        ])
        .await?;
        for file in ["package.json", "package-lock.json"] {
            fs::copy(pinned.join(file), folder.join(file))?;
        }
        let quiet = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"];
        let mut npm = vec!["npm", "ci", "--prefix"];
        let place = text(&folder);
        npm.push(&place);
        npm.extend(quiet);
        run(&npm).await?;
        Ok(Self(folder))
    }

    /// What reads with a client: a program and its arguments.
    pub(crate) fn command(&self, client: &Client) -> Result<Vec<String>, Failure> {
        let script = root().join("tests/bench/peers").join(client.script);
        if client.in_node() {
            // Node looks for packages from where the script is.
            let copy = self.0.join(client.script);
            fs::copy(script, &copy)?;
            Ok(vec!["node".to_owned(), text(&copy)])
        } else {
            Ok(vec![text(&self.0.join("python/bin/python")), text(&script)])
        }
    }
}

impl Client {
    fn in_node(&self) -> bool {
        Path::new(self.script).extension().is_some_and(|kind| kind == "mjs")
    }

    /// The pinned version; empty if there is none.
    pub(crate) fn version(&self) -> String {
        let (file, before) = if self.in_node() {
            ("package.json", format!("\"{}\": \"", self.package))
        } else {
            ("requirements.txt", format!("{}==", self.package))
        };
        let pins = fs::read_to_string(pinned(self.kind).join(file)).unwrap_or_default();
        let mut found = pins.lines().filter_map(|line| line.trim().strip_prefix(&before));
        found.next().unwrap_or_default().trim_end_matches([',', '"']).to_owned()
    }
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

fn pinned(kind: PsaKind) -> PathBuf {
    root().join("tests/clients").join(name(kind))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

async fn run(command: &[&str]) -> Result<(), Failure> {
    let [program, arguments @ ..] = command else {
        return Ok(());
    };
    let output = Command::new(program).args(arguments).output().await;
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    Err(format!("{program} failed: {last}").into())
}

#[cfg(test)]
mod tests {
    use super::super::clients::CLIENTS;
    use super::*;

    #[test]
    fn every_client_has_a_pinned_version_and_a_script() {
        for client in &CLIENTS {
            assert!(!client.version().is_empty(), "{}", client.package);
            let script = root().join("tests/bench/peers").join(client.script);
            assert!(script.is_file(), "{}", script.display());
        }
    }
}
