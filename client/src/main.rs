//! `cliquet-client`: Cliquet on the command line, for scripts.

use clap::{Parser, Subcommand};
use cliquet_client::{
    Address, Client, ClientError, ConversationId, Credentials, Received, enter, lock, make, run, unlock,
};
use std::{
    error::Error,
    ffi::OsStr,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    process::{self, ExitCode},
};
use tracing_subscriber::filter::LevelFilter;
use url::Url;
use zeroize::Zeroizing;

/// A Cliquet client for scripts and bots
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// What keeps the account on this computer; one folder for each account
    #[arg(long, env = "CLIQUET_CLIENT_FOLDER", global = true)]
    folder: Option<PathBuf>,
    /// What unlocks the folder, if a passphrase locks it
    #[arg(long, env = "CLIQUET_CLIENT_PASSPHRASE", hide_env_values = true, global = true)]
    passphrase: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make this computer a device of an account
    SignIn {
        /// The account's address
        email: String,
        /// Where the server is, such as https://chat.example.org
        #[arg(long)]
        server: Url,
        /// How this computer is called among the account's devices
        #[arg(long, default_value = "Command line")]
        device_name: String,
    },
    /// Make an account, with this computer as its first device
    SignUp {
        /// The address of the new account
        email: String,
        /// Where the server is, such as https://chat.example.org
        #[arg(long)]
        server: Url,
        /// The invite: its link, or the end of it
        #[arg(long)]
        invite: Option<String>,
        /// How this computer is called among the account's devices
        #[arg(long, default_value = "Command line")]
        device_name: String,
    },
    /// Lock the folder with the passphrase of --passphrase: nothing in it opens without it any more
    Lock,
    /// Free the folder from its passphrase
    Unlock,
    /// Send a text, and return when the server has it
    Say {
        /// Whom it is for: an address, or the id of a group
        to: String,
        /// The text; - reads it from standard input
        #[arg(default_value = "", required_unless_present = "file")]
        text: String,
        /// A file to send with it
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// Write each contact and each group as a line of JSON
    Conversations,
    /// Write each text that comes as a line of JSON, until Ctrl-C
    Listen {
        /// A folder for the files that come; without it they are only named
        #[arg(long)]
        save_files: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    tracing_subscriber::fmt().with_max_level(LevelFilter::WARN).with_writer(io::stderr).init();
    match run(async || work(Arguments::parse()).await) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => fail(&*error),
        Err(error) => fail(&error),
    }
}

/// The error, and what it came from.
fn fail(error: &dyn Error) -> ExitCode {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        said = format!("{said}: {cause}");
        source = cause.source();
    }
    let _ = writeln!(io::stderr(), "cliquet-client: {said}");
    ExitCode::FAILURE
}

async fn work(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let folder = match arguments.folder {
        Some(folder) => folder,
        None => dirs::data_dir().ok_or("name a folder with --folder")?.join("cliquet-client"),
    };
    let open = async || Client::open_with(&folder, arguments.passphrase.as_deref()).await;
    match arguments.command {
        Command::SignIn { email, server, device_name } => {
            let passphrase = arguments.passphrase.map(Zeroizing::new);
            enter(&folder, Credentials { passphrase, ..credentials(&email, server, device_name)? }).await?;
        }
        Command::SignUp { email, server, invite, device_name } => {
            make(&folder, credentials(&email, server, device_name)?, invite.as_deref()).await?;
        }
        Command::Lock => {
            let chosen = arguments.passphrase.ok_or(PASSPHRASE_MISSING)?;
            lock(&folder, &password()?, &chosen).await?;
        }
        Command::Unlock => unlock(&folder, &arguments.passphrase.ok_or(PASSPHRASE_MISSING)?).await?,
        Command::Say { to, text, file } => {
            let (to, text): (ConversationId, _) = (to.parse()?, text_of(text)?);
            let client = open().await?;
            match file {
                Some(file) => client.send_file(&to, &file, &text).await?,
                None => client.send(&to, &text).await?,
            }
        }
        Command::Conversations => {
            for line in open().await?.conversations().await? {
                let line = serde_json::json!({ "conversation": line.id.text(), "name": line.name });
                writeln!(io::stdout(), "{line}")?;
            }
        }
        Command::Listen { save_files } => listen(&open().await?, save_files.as_deref()).await?,
    }
    Ok(())
}

/// Files of one name in a folder.
const SAME_NAMES_MAX: u32 = 10_000;
const PASSPHRASE_MISSING: &str = "say the passphrase with CLIQUET_CLIENT_PASSPHRASE";

fn password() -> io::Result<Zeroizing<String>> {
    let password = match std::env::var("CLIQUET_CLIENT_PASSWORD") {
        Ok(password) => password,
        Err(_) => rpassword::prompt_password("Password of the account: ")?,
    };
    Ok(Zeroizing::new(password))
}

fn credentials(email: &str, server: Url, device_name: String) -> Result<Credentials, Box<dyn Error>> {
    Ok(Credentials { server, email: Address::parse(email)?, password: password()?, passphrase: None, device_name })
}

fn text_of(text: String) -> io::Result<String> {
    if text != "-" {
        return Ok(text);
    }
    let mut read = String::new();
    io::stdin().read_to_string(&mut read)?;
    Ok(read)
}

async fn listen(client: &Client, save_files: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let written = client.answer(async |received| {
        let mut line = serde_json::json!({
            "conversation": received.conversation.text(),
            "sender": received.sender.as_str(),
            "text": received.text,
            "written_ms": received.written_ms,
        });
        if let Some(file) = &received.file {
            let mut said = serde_json::json!({
                "name": file.name,
                "media_type": file.media_type,
                "bytes": file.bytes,
            });
            match save(client, received, save_files).await {
                Some(Ok(path)) => said["saved"] = path.to_string_lossy().into(),
                Some(Err(error)) => said["not_saved"] = error.to_string().into(),
                None => {}
            }
            line["file"] = said;
        }
        // Who reads the lines is gone: this one was not read, and is written again the next time.
        if writeln!(io::stdout(), "{line}").is_err() {
            process::exit(1);
        }
        None
    });
    tokio::select! {
        ended = written => match ended? {},
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}

/// Saves the file of a message under its own name, or under that name and a number.
async fn save(client: &Client, received: &Received, folder: Option<&Path>) -> Option<Result<PathBuf, ClientError>> {
    let (file, folder) = (received.file.as_ref()?, folder?);
    // Its sender chose the name.
    let name = Path::new(&file.name).file_name().unwrap_or(OsStr::new("file"));
    let names = (1..=SAME_NAMES_MAX).map(|number| match number {
        1 => folder.join(name),
        _ => folder.join(format!("{number} {}", name.to_string_lossy())),
    });
    let path = names.into_iter().find(|path| !path.exists())?;
    Some(client.save(received, &path).await.map(|()| path))
}
