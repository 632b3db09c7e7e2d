//! What the doctor says of files: how much is taken, and whether the disk has room for it.

use super::finding::Finding;
use cliquet_server::{
    config::Config,
    database,
    files::{self, FOLDER, FOLDER_NAME, FileLimits, S3_SCHEME, Totals},
    storage,
};
use std::path::Path;

const MEBIBYTE: f64 = 1024.0 * 1024.0;

pub(super) fn findings(config: &Config) -> Vec<Finding> {
    let folder = config.data_dir();
    let limits = FileLimits::new(config);
    let kept = match files::totals_in(&folder) {
        Ok(kept) => kept,
        Err(error) => return vec![does_not_open(&folder, &error)],
    };
    let mut findings = vec![taken(config, &limits, kept)];
    findings.extend(store(config));
    if limits.is_off() {
        return findings;
    }
    if limits.file_bytes_max > limits.account_bytes_max || limits.account_bytes_max > limits.server_bytes_max {
        findings.push(Finding::Note(
            "file_megabytes, account_files_megabytes and files_megabytes should grow in this order: the smallest of them \
             counts."
                .to_owned(),
        ));
    }
    // Room for what may still come, beside what is there.
    let wanted = limits.server_bytes_max.saturating_sub(kept.bytes);
    if config.files_store != FOLDER {
        return findings;
    }
    findings.push(match storage::free_bytes(&folder) {
        Ok(free) if free < wanted => Finding::Note(format!(
            "The disk has {:.0} MiB free, and {:.0} MiB more of files may come: set files_megabytes to less.",
            free as f64 / MEBIBYTE,
            wanted as f64 / MEBIBYTE,
        )),
        Ok(free) => Finding::Fine(format!("The disk has {:.0} MiB free for files.", free as f64 / MEBIBYTE)),
        Err(error) => Finding::Note(format!("The disk does not say how much room it has: {error}.")),
    });
    findings
}

/// What is wrong with the setting `files_store`. A bucket is not asked.
fn store(config: &Config) -> Option<Finding> {
    let setting = config.files_store.as_str();
    match setting.starts_with(S3_SCHEME) {
        true if cfg!(feature = "s3") => Some(Finding::Fine(format!("Files are kept in {setting}."))),
        true => Some(Finding::Wrong(
            "files_store names a bucket, and this program was built without it: build it with `--features s3`."
                .to_owned(),
        )),
        false if setting == FOLDER => None,
        false => Some(Finding::Wrong(format!("files_store must be \"{FOLDER}\" or begin with {S3_SCHEME}."))),
    }
}

fn taken(config: &Config, limits: &FileLimits, kept: Totals) -> Finding {
    let Totals { files, bytes } = kept;
    let kept = format!("{files} files are kept, {:.1} MiB", bytes as f64 / MEBIBYTE);
    if limits.is_off() {
        return Finding::Note(format!(
            "No files are taken: file_megabytes, account_files_megabytes, files_megabytes or files_keep_days is 0. {kept}."
        ));
    }
    Finding::Fine(format!(
        "People may send files of up to {} MiB, each account {} MiB, all together {} MiB, and each is kept for {} days. {kept}.",
        config.file_megabytes, config.account_files_megabytes, config.files_megabytes, config.files_keep_days,
    ))
}

fn does_not_open(folder: &Path, error: &database::Error) -> Finding {
    Finding::Wrong(format!(
        "The rows of files in {} do not open: {error}. Check that files.sqlite and the folder {FOLDER_NAME} are yours to \
         read and write.",
        folder.display()
    ))
}
