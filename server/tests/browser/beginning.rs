//! Owns how a scenario begins: the data folder and the browser profiles of people who have signed up and met. They really
//! did so, once in a run, on a stage of their own. Signing up costs more than most of what is tried afterwards.
//!
//! Only a profile of a browser that [sees one port](Engine::sees_usual_port) goes on in front of another server. In the
//! others people sign up on each stage.

use crate::engine::Engine;
use crate::person::Person;
use crate::stage::Stage;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::{Builder, TempDir};
use tokio::sync::OnceCell;

/// Of the folders of beginnings, before the run's process id.
const PREFIX: &str = "beginning-";

static TWO: OnceCell<Beginning> = OnceCell::const_new();
static THREE: OnceCell<Beginning> = OnceCell::const_new();

#[derive(Debug)]
pub(crate) struct Beginning {
    house: TempDir,
    people: Vec<String>,
}

impl Beginning {
    /// After [`Stage::two_who_meet`].
    pub(crate) async fn of_two() -> Option<&'static Self> {
        let meet = async |stage: &Stage| {
            let (alice, bob) = stage.two_who_meet().await;
            vec![alice, bob]
        };
        Self::made_once(&TWO, meet).await
    }

    /// After [`Stage::three_who_meet`].
    pub(crate) async fn of_three() -> Option<&'static Self> {
        let meet = async |stage: &Stage| {
            let (alice, bob, carol) = stage.three_who_meet().await;
            vec![alice, bob, carol]
        };
        Self::made_once(&THREE, meet).await
    }

    async fn made_once(
        cell: &'static OnceCell<Self>,
        meet: impl AsyncFnOnce(&Stage) -> Vec<Person>,
    ) -> Option<&'static Self> {
        if !Engine::chosen().sees_usual_port() {
            return None;
        }
        let make = || async {
            let stage = Stage::set_in(kept_house(), &[], None).await;
            let people = meet(&stage).await;
            Self::after(stage, people).await
        };
        Some(cell.get_or_init(make).await)
    }

    async fn after(mut stage: Stage, people: Vec<Person>) -> Self {
        for person in &people {
            person.until_nothing_is_behind().await;
        }
        let mut names = Vec::new();
        for mut person in people {
            names.push(person.name().to_owned());
            person.browser.close().await;
        }
        stage.server.stop();
        Self { house: stage.house, people: names }
    }

    /// For a stage whose server has not started yet.
    pub(crate) fn copy_into(&self, house: &Path) {
        copy(&self.house.path().join("data"), house);
        for name in &self.people {
            fs::create_dir(house.join(name)).unwrap();
            copy(&self.house.path().join(name).join("profile"), &house.join(name));
        }
    }
}

fn copy(from: &Path, into: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(into).status().unwrap();
    assert!(done.success(), "{} cannot be copied: {done}", from.display());
}

/// A folder that is kept until the end of the run. Nothing removes what a static holds: this removes what ended runs left.
fn kept_house() -> TempDir {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name();
        let run = name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(|rest| rest.split('-').next());
        if run.is_some_and(|run| !Path::new("/proc").join(OsStr::new(run)).exists()) {
            // Another run may be removing it too.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Builder::new().prefix(&format!("{PREFIX}{}-", std::process::id())).tempdir_in(folder).unwrap()
}
