//! Owns the README's pictures: taken by a test from the running program, copied into `docs/pictures`.

use crate::problem::Problem;
use crate::project::Project;
use crate::test;
use std::fs;

const PICTURES: [&str; 4] = ["home-wide.png", "home-wide-dark.png", "home-french-phone.png", "sign-in-phone-dark.png"];

pub(crate) fn take(project: &Project) -> Result<(), Problem> {
    test::take_pictures(project, "every_page_fits")?;
    let to = project.path("docs/pictures");
    fs::create_dir_all(&to).map_err(Problem::file("cannot make", &to))?;
    for name in PICTURES {
        let from = project.path("target/pictures").join(name);
        fs::copy(&from, to.join(name)).map_err(Problem::file("cannot copy", &from))?;
    }
    println!("The pictures are in {}", to.display());
    Ok(())
}
