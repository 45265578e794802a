//! Pictures of screens, and what axe says of each.

use std::path::PathBuf;

use browser::{Looks, Tab};

/// Takes pictures, and gathers what is wrong.
pub struct Gallery {
    folder: PathBuf,
    looks: &'static [Looks],
    wrong: Vec<String>,
    taken: usize,
}

impl Gallery {
    /// With pictures in a folder of this name.
    pub fn new(name: &str, looks: &'static [Looks]) -> Self {
        let folder = std::env::var_os("SCREENS").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/screens"),
            PathBuf::from,
        );
        Self {
            folder: folder.join(name),
            looks,
            wrong: Vec::new(),
            taken: 0,
        }
    }

    /// The screen that is shown, in each way of looking at it.
    pub async fn take(&mut self, tab: &Tab, name: &str) {
        self.taken += 1;
        let known = self.wrong.len();
        for &looks in self.looks {
            tab.look(looks).await;
            let which = format!("{:02}-{name}-{}", self.taken, looks.name());
            let found = tab.violations().await;
            self.wrong
                .extend(found.into_iter().map(|line| format!("{which}: {line}")));
            tab.picture(&self.folder.join(format!("{which}.png"))).await;
        }
        tab.look(Looks::Light).await;
        // Some screens are refusals, which browsers log as such.
        let log = tab.log().await;
        let log = log
            .into_iter()
            .filter(|line| !line.contains("the server responded with a status of"));
        self.wrong.extend(log.map(|line| format!("{name}: logged: {line}")));
        // At once, so that a person can look during the walk.
        for line in &self.wrong[known..] {
            println!("{line}");
        }
    }

    /// Fails if anything was wrong anywhere.
    pub fn end(self, least: usize) {
        assert!(self.wrong.is_empty(), "{:#?}", self.wrong);
        assert!(self.taken >= least, "only {} screens were seen", self.taken);
    }
}
