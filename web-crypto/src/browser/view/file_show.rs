//! Fetches the bytes of messages' files, shows pictures, films and sounds, and saves all others.
//!
//! Owns the addresses (`blob:`) of what is shown, and revokes them when their lines are gone. Nothing but what
//! `AttachmentKind` knows is ever shown: other bytes only go into the person's folder.

use super::{
    Engine, dom, download, fetch_pictures,
    file_line::{BYTES, FILE, HELD, KIND, NEW, WAITING},
    file_player::{self, Ended, Player},
    file_state::{is_in_gallery, key_of, kind_of, line_of, set_state, show_percent, state_of},
    file_upload, file_words, photo,
    sentences::word,
};
use crate::{
    browser::{
        app::{
            engine::Signal,
            files::{
                FilesError, Progress, open_file,
                reader::{self, Reader},
            },
            load_messages,
        },
        platform::{task, timer},
    },
    crypto::attachment::{Attachment, AttachmentKind},
};
use event_listener::Event;
use futures_lite::future::or;
use js_sys::Array;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Blob, Element, IntersectionObserver, IntersectionObserverEntry, Url};

/// What a browser takes for bytes that it may not show.
const BYTES_ONLY: &str = "application/octet-stream";

/// How often it is looked whether another fetch of the same file has ended.
const LOOK_MS: u32 = 50;

thread_local! {
    static FILES: RefCell<Option<Rc<Files>>> = const { RefCell::new(None) };
}

/// The files of the lines that are on the page.
pub struct Files {
    engine: Rc<Engine>,
    /// By the key of its message.
    opened: RefCell<BTreeMap<String, Opened>>,
    /// What plays while it comes, by the key of its message.
    players: RefCell<BTreeMap<String, Player>>,
    /// What is being fetched, by the key of its message, and how it is stopped.
    fetching: RefCell<BTreeMap<String, Rc<Event>>>,
    /// Tells which pictures come into sight.
    sight: Option<IntersectionObserver>,
}

/// A file whose bytes are here.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its address on this page.
    pub url: String,
    /// Its bytes.
    pub blob: Blob,
    attachment: Rc<Attachment>,
    /// A picture that cannot be shown is only saved.
    may_be_shown: bool,
}

/// How a fetch ended.
#[derive(Debug)]
pub enum Fetched {
    Here(Opened),
    /// A person stopped it.
    Stopped,
    Failed(FilesError),
}

impl Files {
    /// Those of this page.
    pub fn of_page(engine: &Rc<Engine>) -> Rc<Self> {
        FILES.with_borrow_mut(|files| files.get_or_insert_with(|| Self::begin(engine.clone())).clone())
    }

    fn begin(engine: Rc<Engine>) -> Rc<Self> {
        engine.subscribe(|signal| {
            if let Signal::Uploading { key, progress } = signal {
                file_upload::show_progress(key, *progress);
            }
        });
        let sight = observer();
        Rc::new(Self {
            engine,
            opened: RefCell::default(),
            players: RefCell::default(),
            fetching: RefCell::default(),
            sight,
        })
    }

    /// Whether the picture of this message is on the page.
    pub fn shows(&self, key: &str) -> bool {
        self.opened.borrow().get(key).is_some_and(|opened| opened.may_be_shown)
    }

    /// Ends the fetch of a message's file. What came of it stays.
    pub fn stop(&self, key: &str) {
        if let Some(stop) = self.fetching.borrow().get(key) {
            stop.notify(usize::MAX);
        }
    }

    /// Serves the files of lines that are new on the page, and lets go of those whose lines are gone.
    pub fn look(self: &Rc<Self>) {
        self.let_go();
        for file in dom::all(&[FILE, "[", NEW, "]"].concat()) {
            let _ = file.remove_attribute(NEW);
            let Some(key) = key_of(&file) else { continue };
            if file.has_attribute(WAITING) {
                let (engine, file, key) = (self.engine.clone(), file.clone(), key.clone());
                task::spawn(async move { file_upload::show(&engine, &file, &key).await });
            } else if state_of(&file) == "sending" || state_of(&file) == "paused" {
                set_state(&file, "away", "");
            }
            let opened = self.opened.borrow().get(&key).cloned();
            match opened {
                Some(opened) => show(&file, &opened, false),
                None if kind_of(&file) == "picture" => self.watch(file, key),
                None => {}
            }
        }
    }

    /// A small picture is fetched when it comes into sight, if the person wants that or its bytes are here already.
    fn watch(self: &Rc<Self>, file: Element, key: String) {
        let bytes: Option<u64> = file.get_attribute(BYTES).and_then(|bytes| bytes.parse().ok());
        // The gallery shows what came with the messages until a picture is opened.
        if bytes.is_none_or(|bytes| bytes > fetch_pictures::FETCHED_BYTES_MAX) || is_in_gallery(&file) {
            return;
        }
        let files = self.clone();
        task::spawn(async move {
            let may = fetch_pictures::kept() || files.is_here(&key).await;
            if let Some(sight) = files.sight.as_ref().filter(|_| may) {
                sight.observe(&file);
            }
        });
    }

    async fn is_here(&self, key: &str) -> bool {
        let Ok(Some(message)) = load_messages::message(&self.engine, key).await else { return false };
        let Some(attachment) = message.attachment else { return false };
        open_file::is_here(&self.engine, &attachment).await.unwrap_or(false)
    }

    /// Saves the file of the message with this key under its name.
    pub fn save(self: &Rc<Self>, key: &str) {
        let (files, key) = (self.clone(), key.to_owned());
        task::spawn(async move {
            match files.fetched(&key, true).await {
                Fetched::Here(opened) => {
                    if let Some(file) = line_of(&key) {
                        show(&file, &opened, false);
                    }
                    let _ = save_as(&opened);
                }
                ended => files.tell(&key, &ended),
            }
        });
    }

    /// Fetches a file and shows it, unless that is being done. `pressed`: a film is played then, if possible while it comes.
    pub fn fetch(self: &Rc<Self>, file: &Element, pressed: bool) {
        let Some(key) = key_of(file).filter(|key| !self.fetching.borrow().contains_key(key)) else { return };
        let files = self.clone();
        task::spawn(async move {
            if !(pressed && files.plays(&key).await) {
                files.show_whole(&key, pressed).await;
            }
        });
    }

    async fn show_whole(&self, key: &str, pressed: bool) {
        match self.fetched(key, true).await {
            // The line may have been laid out again meanwhile.
            Fetched::Here(opened) => match line_of(key) {
                Some(line) => show(&line, &opened, pressed),
                None => self.let_go(),
            },
            ended => self.tell(key, &ended),
        }
    }

    /// Plays a film or sound while it comes. `false`: this one is not played so, or not by this browser.
    async fn plays(self: &Rc<Self>, key: &str) -> bool {
        if self.goes_on(key) {
            return true;
        }
        let Ok(Some(message)) = load_messages::message(&self.engine, key).await else { return false };
        let is_long = message.attachment.as_ref().is_some_and(|attachment| reader::plays_while_it_comes(attachment));
        if !is_long || self.opened.borrow().contains_key(key) {
            return false;
        }
        let Ok(reader) = Reader::begin(self.engine.clone(), &message).await else { return false };
        // It may have been pressed twice.
        if self.goes_on(key) {
            return true;
        }
        let Some(line) = line_of(key) else { return false };
        let (files, at) = (self.clone(), key.to_owned());
        let ended = move |ended| {
            let (files, key) = (files.clone(), at.clone());
            task::spawn(async move { files.end(&key, ended).await });
        };
        let Some(player) = Player::begin(&line, key, reader, ended) else { return false };
        self.players.borrow_mut().insert(key.to_owned(), player);
        hold(true);
        if !line.has_attribute(WAITING) {
            set_state(&line, "here", "");
        }
        true
    }

    /// Whether there is a player, which goes on then.
    fn goes_on(&self, key: &str) -> bool {
        let players = self.players.borrow();
        let player = players.get(key).filter(|player| player.is_here());
        player.map(Player::go_on).is_some()
    }

    async fn end(&self, key: &str, ended: Ended) {
        match ended {
            Ended::Left => self.let_go(),
            Ended::Unasked => {
                self.players.borrow_mut().remove(key);
                self.show_whole(key, true).await;
            }
            Ended::Failed(error) => {
                self.players.borrow_mut().remove(key);
                self.tell(key, &Fetched::Failed(error));
            }
        }
    }

    /// Says why there is no file.
    fn tell(&self, key: &str, ended: &Fetched) {
        let Some(file) = line_of(key).filter(|file| !file.has_attribute(WAITING)) else { return };
        match ended {
            Fetched::Here(_) => {}
            // What plays needs no second button for it.
            Fetched::Stopped if self.players.borrow().contains_key(key) => set_state(&file, "here", ""),
            Fetched::Stopped => set_state(&file, "away", ""),
            Fetched::Failed(error) => set_state(&file, "failed", &file_words::why(error)),
        }
    }

    /// The file of the message with this key, fetched if need be. `shows`: its line says how far it is.
    pub async fn fetched(&self, key: &str, shows: bool) -> Fetched {
        // Somebody else may be fetching it already.
        while self.fetching.borrow().contains_key(key) {
            timer::pause(LOOK_MS).await;
        }
        if let Some(opened) = self.opened.borrow().get(key) {
            return Fetched::Here(opened.clone());
        }
        let stop = Rc::new(Event::new());
        self.fetching.borrow_mut().insert(key.to_owned(), stop.clone());
        let stopped = stop.listen();
        let ended = or(
            async {
                match self.open(key, shows).await {
                    Ok(opened) => Fetched::Here(opened),
                    Err(error) => Fetched::Failed(error),
                }
            },
            async {
                stopped.await;
                Fetched::Stopped
            },
        )
        .await;
        self.fetching.borrow_mut().remove(key);
        if let Fetched::Here(opened) = &ended {
            self.opened.borrow_mut().insert(key.to_owned(), opened.clone());
            hold(true);
        }
        ended
    }

    async fn open(&self, key: &str, shows: bool) -> Result<Opened, FilesError> {
        let message = load_messages::message(&self.engine, key).await?.ok_or(FilesError::Gone)?;
        let shown = Cell::new(u64::MAX);
        let progress = |progress: Progress| {
            let percent = file_words::percent(progress);
            // The line may be laid out again meanwhile.
            if shows
                && shown.replace(percent) != percent
                && let Some(file) = line_of(key)
            {
                show_percent(&file, "fetching", percent);
            }
        };
        progress(Progress::default());
        let blob = open_file::open(&self.engine, &message, progress).await?;
        let attachment = message.attachment.ok_or(FilesError::Gone)?;
        let may_be_shown = attachment.kind() != AttachmentKind::Picture || photo::may_be_shown(&blob).await;
        let url = Url::create_object_url_with_blob(&blob).map_err(|_| FilesError::Unreadable)?;
        Ok(Opened { url, blob, attachment: Rc::new(*attachment), may_be_shown })
    }

    /// Revokes the addresses of what no line shows any more.
    fn let_go(&self) {
        self.opened.borrow_mut().retain(|key, opened| {
            let stays = line_of(key).is_some();
            if !stays {
                let _ = Url::revoke_object_url(&opened.url);
            }
            stays
        });
        self.players.borrow_mut().retain(|_, player| player.is_here());
        hold(!(self.opened.borrow().is_empty() && self.players.borrow().is_empty()));
    }
}

fn observer() -> Option<IntersectionObserver> {
    let seen = |entries: Array, observer: IntersectionObserver| {
        for entry in entries.iter().filter_map(|entry| entry.dyn_into::<IntersectionObserverEntry>().ok()) {
            if entry.is_intersecting() {
                let file = entry.target();
                observer.unobserve(&file);
                if let Some(files) = FILES.with_borrow(Clone::clone) {
                    files.fetch(&file, false);
                }
            }
        }
    };
    let seen = Closure::<dyn Fn(Array, IntersectionObserver)>::new(seen).into_js_value();
    IntersectionObserver::new(seen.unchecked_ref()).ok()
}

/// While bytes are held, the chunk is told of every change of the lines.
fn hold(held: bool) {
    if let Some(root) = dom::document().and_then(|document| document.document_element()) {
        let _ = root.toggle_attribute_with_force(HELD, held);
    }
}

/// Shows a file in its line, as far as its kind is shown at all. `pressed`: a film is played then.
pub fn show(file: &Element, opened: &Opened, pressed: bool) {
    if !opened.may_be_shown {
        // Its name and the button that saves it are all that there is.
        let _ = file.set_attribute(KIND, "file");
        return set_state(file, "unshown", &word("file-not-shown"));
    }
    if !file.has_attribute(WAITING) {
        set_state(file, "here", "");
    }
    match opened.attachment.kind() {
        AttachmentKind::Picture => _ = show_picture(file, opened),
        AttachmentKind::File => {}
        _ => file_player::show_whole(file, &opened.attachment, &opened.url, pressed),
    }
}

fn show_picture(file: &Element, opened: &Opened) -> Option<()> {
    let frame = dom::within(file, ".file-frame")?;
    if dom::within(&frame, ".file-full").is_some() {
        return None;
    }
    let image = dom::document()?.create_element("img").ok()?;
    image.set_attribute("class", "file-full").ok()?;
    image.set_attribute("alt", file_words::described(&opened.attachment)).ok()?;
    image.set_attribute("src", &opened.url).ok()?;
    frame.append_child(&image).ok()?;
    Some(())
}

/// Puts a file into the person's folder. Its type says nothing, so that no browser opens it in the place of the page.
fn save_as(opened: &Opened) -> Option<()> {
    let whole = opened.blob.slice_with_f64_and_f64_and_content_type(0.0, opened.blob.size(), BYTES_ONLY).ok()?;
    download::save(&whole, &file_words::called(&opened.attachment.name))
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Files(…)")
    }
}
