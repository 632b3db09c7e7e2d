//! Voice messages as they are recorded: the level and the time, pause, then listening before it is sent.
//!
//! `pages/voice_chunk.rs` hands over what is pressed, and fetches this at the first press. The markup is in
//! `templates/fragments/voice.html`; `data-state` on the panel says which of it is shown.

use super::{
    conversation::OpenConversation,
    dom,
    file_ending::{ending_of, with_ending},
    fill::fill,
    message_actions::MessageActions,
    sentences::word,
    voice_line,
    voice_player::{self, Press},
    waveform::{clock, draw, heights},
};
use crate::browser::{
    app::files::{FileToSend, FilesError, send_file},
    platform::{
        microphone::{Microphone, MicrophoneError},
        task, timer,
    },
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use web_sys::{Blob, Element};

/// The longest recording.
const LONGEST_MS: u32 = 15 * 60 * 1000;
/// What is shorter was not meant: nothing can be said in it.
const SHORTEST_MS: u32 = 500;
/// From one measured level to the next.
const STEP_MS: u32 = 50;
/// Who holds the button for less than this has pressed it: the recording goes on without them.
const PRESS_MS: u32 = 400;
/// How far to the left the pointer goes to throw the recording away, in CSS pixels.
const CANCEL_PIXELS: i32 = 90;
/// Levels that are shown while it records.
const SHOWN_LEVELS: usize = 32;

const PANEL: &str = "[data-voice]";

thread_local! {
    /// The one recording of the page.
    static RECORDING: RefCell<Option<Rc<Recording>>> = const { RefCell::new(None) };
}

/// The pointer that pressed the button to record, followed from the first moment: this code may come later than it goes up.
#[derive(Debug, Default)]
pub struct Hold {
    down: Cell<bool>,
    from_x: Cell<i32>,
    at_x: Cell<i32>,
}

/// What a person does.
#[derive(Clone, Debug)]
pub enum Act {
    /// Record, for as long as the pointer is held if there is one.
    Begin(Rc<Hold>),
    /// Throw it away.
    Delete,
    /// Pause, or go on.
    Pause,
    /// End it, and listen.
    Stop,
    Send,
    /// Something on the player of what was recorded.
    Listen(Press),
}

/// How far a recording is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The microphone was asked for.
    Asked,
    /// The pointer is held.
    Held,
    /// It goes on by itself.
    Locked,
    Paused,
    /// It is over: the microphone is about to be off.
    Ending,
    /// There to be heard and sent.
    Ready,
    Sending,
    Gone,
}

#[derive(Debug)]
struct Recording {
    actions: Rc<MessageActions>,
    open: OpenConversation,
    state: Cell<State>,
    recorded_ms: Cell<u32>,
    levels: RefCell<Vec<u8>>,
    made: RefCell<Option<Blob>>,
}

impl Hold {
    /// A pointer goes down.
    pub fn press(&self, x: i32) {
        self.down.set(true);
        self.from_x.set(x);
        self.at_x.set(x);
    }

    /// It moves.
    pub fn go(&self, x: i32) {
        self.at_x.set(x);
    }

    /// It goes up.
    pub fn release(&self) {
        self.down.set(false);
    }

    fn is_cancelled(&self) -> bool {
        self.from_x.get() - self.at_x.get() > CANCEL_PIXELS
    }
}

/// Does what was pressed.
pub fn serve(actions: Rc<MessageActions>, act: Act) {
    let now = RECORDING.with_borrow(Clone::clone).filter(|recording| recording.is_there());
    match (act, now) {
        (Act::Begin(hold), None) => begin(actions, hold),
        (Act::Begin(_), Some(_)) | (_, None) => {}
        (Act::Delete, Some(recording)) => recording.leave(),
        (Act::Pause, Some(recording)) => recording.pause(),
        (Act::Stop, Some(recording)) => recording.end(),
        (Act::Send, Some(recording)) => task::spawn(async move { recording.send().await }),
        (Act::Listen(press), Some(recording)) => {
            let Some(blob) = recording.made.borrow().clone() else { return };
            task::spawn(async move { voice_player::serve_unsent(&recording.actions.engine, press, blob).await });
        }
    }
}

fn begin(actions: Rc<MessageActions>, hold: Rc<Hold>) {
    let Some(open) = OpenConversation::find().filter(OpenConversation::is_writable) else { return };
    open.complain("");
    voice_player::stop();
    let recording = Rc::new(Recording {
        actions,
        open,
        state: Cell::new(State::Asked),
        recorded_ms: Cell::new(0),
        levels: RefCell::default(),
        made: RefCell::default(),
    });
    RECORDING.set(Some(recording.clone()));
    task::spawn(async move {
        match Microphone::open().await {
            Ok(microphone) => recording.run(microphone, &hold).await,
            Err(error) => {
                recording.leave();
                recording.open.complain(&word(match error {
                    MicrophoneError::Refused => "voice-refused",
                    MicrophoneError::Missing => "voice-no-microphone",
                    MicrophoneError::Unable => "voice-unable",
                }));
            }
        }
    });
}

impl Recording {
    /// Whether it is this page's, and its conversation is still open.
    fn is_there(&self) -> bool {
        self.state.get() != State::Gone && self.open.is_shown()
    }

    /// Records until the person ends it, leaves, or it is as long as it may be. The microphone is off when this returns.
    async fn run(self: &Rc<Self>, microphone: Microphone, hold: &Hold) {
        if !self.is_there() {
            return;
        }
        // The pointer went up while the browser asked, or there was none: from here on it goes by itself.
        self.enter(if hold.down.get() { State::Held } else { State::Locked });
        let mut last = timer::now_ms();
        loop {
            timer::pause(STEP_MS).await;
            if !self.is_there() {
                return self.leave();
            }
            let now = timer::now_ms();
            let step = u32::try_from(now.saturating_sub(last)).unwrap_or(u32::MAX);
            last = now;
            if self.state.get() == State::Held {
                self.follow(hold);
            }
            match self.state.get() {
                State::Paused => microphone.pause(),
                State::Held | State::Locked => {
                    microphone.go_on();
                    self.recorded_ms.set(self.recorded_ms.get().saturating_add(step));
                    self.levels.borrow_mut().push(microphone.level());
                    self.show_level();
                }
                State::Ending => break,
                _ => return,
            }
            if self.recorded_ms.get() >= LONGEST_MS {
                let minutes = (LONGEST_MS / 60_000).to_string();
                self.open.complain(&fill(&word("voice-longest"), "count", &minutes));
                break;
            }
            if !microphone.is_on() {
                self.open.complain(&word("voice-cut-off"));
                break;
            }
        }
        let made = microphone.finish().await;
        match made.filter(|_| self.recorded_ms.get() >= SHORTEST_MS) {
            Some(made) if self.is_there() => self.offer(made),
            Some(_) => self.leave(),
            None => {
                self.leave();
                self.open.complain(&word("voice-too-short"));
            }
        }
    }

    fn follow(&self, hold: &Hold) {
        if hold.is_cancelled() {
            self.leave();
        } else if !hold.down.get() {
            if self.recorded_ms.get() < PRESS_MS {
                self.enter(State::Locked);
            } else {
                self.end();
            }
        }
    }

    fn pause(&self) {
        match self.state.get() {
            State::Locked => self.enter(State::Paused),
            State::Paused => self.enter(State::Locked),
            _ => {}
        }
    }

    fn end(&self) {
        if matches!(self.state.get(), State::Held | State::Locked | State::Paused) {
            self.state.set(State::Ending);
        }
    }

    /// Throws it away. The microphone goes off with the next step.
    fn leave(&self) {
        let is_ready = self.state.get() == State::Ready;
        self.state.set(State::Gone);
        self.made.take();
        if is_ready {
            voice_player::stop();
        }
        RECORDING.with_borrow_mut(|now| {
            if now.as_ref().is_some_and(|now| std::ptr::eq(Rc::as_ptr(now), self)) {
                *now = None;
            }
        });
        if let Some(panel) = self.panel() {
            let had_keyboard = dom::active().is_some_and(|active| panel.contains(Some(&active)));
            dom::hide(&panel, true);
            dom::set_text(&panel, "[data-voice-said]", "");
            if had_keyboard && let Some(button) = dom::within(self.open.section(), "[data-voice-begin]") {
                dom::focus(&button);
            }
        }
    }

    fn offer(&self, made: Blob) {
        self.made.replace(Some(made));
        if let Some(place) = self.part("[data-voice-made]") {
            place.set_text_content(None);
            let _ = voice_line::show_heights(&place, &heights(&self.levels.borrow()), self.recorded_ms.get());
        }
        self.enter(State::Ready);
    }

    async fn send(self: &Rc<Self>) {
        let Some(made) = self.made.borrow().clone().filter(|_| self.state.get() == State::Ready) else { return };
        voice_player::stop();
        self.state.set(State::Sending);
        let media_type = made.type_();
        let file = FileToSend {
            blob: made,
            name: with_ending(&word("voice-name"), ending_of(&media_type)),
            media_type,
            pixels: None,
            preview: None,
            duration_ms: Some(self.recorded_ms.get()),
            waveform: Some(heights(&self.levels.borrow())),
            description: None,
        };
        let quote = self.actions.composer.reply();
        let sent = send_file::send(&self.actions.engine, &self.open.id, file, "", quote, |_| ()).await;
        match sent {
            Ok(_) => {
                self.leave();
                self.actions.composer.went_with_voice();
                self.open.complain("");
                self.open.focus_draft();
            }
            Err(error) => {
                // It is still there: the person may send it again.
                self.state.set(State::Ready);
                self.open.complain(&word(complaint(&error)));
            }
        }
    }

    fn enter(&self, state: State) {
        self.state.set(state);
        let Some(panel) = self.panel() else { return };
        let (name, said, focus) = match state {
            State::Held => ("held", "voice-recording", None),
            State::Locked => ("locked", "voice-recording", Some("[data-voice-do=stop]")),
            State::Paused => ("paused", "voice-paused", None),
            State::Ready => ("ready", "voice-recorded", Some("[data-voice-do=send]")),
            _ => return,
        };
        let was_hidden = panel.has_attribute("hidden");
        let before = panel.get_attribute("data-state").unwrap_or_default();
        let _ = panel.set_attribute("data-state", name);
        dom::hide(&panel, false);
        dom::say(&panel, "[data-voice-said]", &word(said));
        if let Some(button) = dom::within(&panel, "[data-voice-do=pause]") {
            let name = word(if state == State::Paused { "voice-go-on" } else { "voice-hold" });
            dom::say(&button, ".hidden", &name);
            let _ = button.set_attribute("title", &name);
        }
        self.show_level();
        // Who goes on from a pause has the keyboard on that button.
        if let Some(focus) = focus.filter(|_| was_hidden || before != "paused" || name != "locked")
            && let Some(button) = dom::within(&panel, focus)
        {
            dom::focus(&button);
        }
    }

    fn show_level(&self) {
        let Some(panel) = self.panel() else { return };
        dom::say(&panel, "[data-voice-clock]", &clock(self.recorded_ms.get()));
        let levels = self.levels.borrow();
        let newest = levels.get(levels.len().saturating_sub(SHOWN_LEVELS)..).unwrap_or_default();
        let mut shown = vec![0; SHOWN_LEVELS - newest.len()];
        shown.extend_from_slice(newest);
        if let Some(bars) = dom::within(&panel, "[data-voice-level]") {
            draw(&bars, &shown, 0);
        }
    }

    fn panel(&self) -> Option<Element> {
        self.part(PANEL)
    }

    fn part(&self, selector: &str) -> Option<Element> {
        dom::within(self.open.section(), selector)
    }
}

/// Why a voice message was not sent, as the key of a word.
fn complaint(error: &FilesError) -> &'static str {
    match error {
        FilesError::TooLarge { .. } => "voice-too-large",
        FilesError::Off => "voice-off",
        _ => "voice-not-sent",
    }
}
