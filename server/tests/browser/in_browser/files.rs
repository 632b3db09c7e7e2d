//! Files in conversations: chosen, dropped or pasted, described, sent, seen and saved; and what is no picture is never shown.

use crate::browser::Tab;
use crate::in_browser::message_menu::choose;
use crate::in_browser::profiles::a_picture;
use crate::person::Person;
use crate::picture::show;
use crate::stage::Stage;
use crate::word::word;
use serde_json::{Value, json};

const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
const TRAY: &str = "#file-tray[open]";

/// Remembers the bytes of whatever is saved: its address is revoked at once.
const WATCH: &str = "(() => {
    window.made = new Map(); window.saved = [];
    const [make, click] = [URL.createObjectURL, HTMLAnchorElement.prototype.click];
    URL.createObjectURL = blob => { const url = make.call(URL, blob); window.made.set(url, blob); return url };
    HTMLAnchorElement.prototype.click = function () {
        if (this.download) window.saved.push({ name: this.download, blob: window.made.get(this.href) });
        return click.call(this);
    };
})()";
const SAVED: &str = "(saved => saved && saved.blob.arrayBuffer().then(bytes => JSON.stringify(
    [saved.name, saved.blob.type, [...new Uint8Array(bytes)]]) === JSON.stringify(a[0])))(window.saved.at(-1))";
/// Files as a page gets them from the system, at the conversation.
const CARRY: &str = "(() => {
    const carried = new DataTransfer();
    for (const [name, type, text] of a[1]) carried.items.add(new File([text], name, { type }));
    const at = document.querySelector(a[0] === 'paste' ? '[data-draft]' : '.conversation .messages');
    const init = { bubbles: true, cancelable: true };
    const event = a[0] === 'paste' ? new ClipboardEvent(a[0], { ...init, clipboardData: carried })
        : new DragEvent(a[0], { ...init, dataTransfer: carried });
    return !at.dispatchEvent(event);
})()";
const PICTURE_SEEN: &str = "(image => image?.complete && image.naturalWidth > 0)
    (document.querySelector(`.file[data-kind=picture] .file-full`))";
const LAST: &str =
    "document.querySelector('#contacts li[data-contact=\"' + a[0] + '\"] .contact-last')?.textContent === a[1]";

impl Person {
    async fn choose_files(&self, paths: &[&str]) {
        self.tab.until_shown("form[data-composer] > fieldset:enabled").await;
        self.tab.choose_file("[data-file-input]", &paths.join("\n")).await;
        self.tab.until_shown(TRAY).await;
    }

    async fn send_tray(&self) {
        self.tab.click("#file-tray [data-tray=send]").await;
        self.tab.until("the tray to close", "!document.getElementById('file-tray').open", vec![]).await;
    }

    async fn carry(&self, event: &str, files: Value) {
        self.tab.until(&format!("{event} to be taken"), CARRY, vec![event.into(), files]).await;
    }
}

/// A tenth of a second, 8000 bytes a second: no byte of it is past 127.
pub(super) fn silence() -> String {
    let head =
        "RIFF\u{64}\u{3}\0\0WAVEfmt \u{10}\0\0\0\u{1}\0\u{1}\0\u{40}\u{1f}\0\0\u{40}\u{1f}\0\0\u{1}\0\u{8}\0data";
    [head, "\u{40}\u{3}\0\0", &"\u{7f}".repeat(0x340)].concat()
}

pub(super) async fn press(tab: &Tab, selector: &str, key: &str) {
    tab.until_shown(selector).await;
    tab.ask("document.querySelector(a[0]).focus()", vec![selector.into()]).await;
    tab.write(selector, key).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_and_a_letter_reach_the_other_who_sees_the_one_and_saves_the_other() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    let folder = tempfile::tempdir().unwrap();
    let letter = folder.path().join("Letter to Bob.txt");
    std::fs::write(&letter, "Dear Bob,\nsee you at six.\n").unwrap();

    alice.tab.write("[data-draft]", "From the harbour").await;
    alice.choose_files(&[&a_picture(), &letter.display().to_string()]).await;
    let drafted = "document.querySelector('#file-tray [data-caption]').value === a[0]";
    alice.tab.until("the draft as the first text", drafted, vec!["From the harbour".into()]).await;
    alice.tab.write("#file-tray [data-description]", "Two people who talk").await;
    show(&alice.tab, "files-tray").await;
    alice.send_tray().await;
    alice.tab.until("an empty box", "document.querySelector('[data-draft]').value === ''", vec![]).await;

    bob.tab.until("the picture itself", PICTURE_SEEN, vec![]).await;
    let described = "document.querySelector('.file-full').alt === a[0]";
    bob.tab.until("what the picture shows", described, vec!["Two people who talk".into()]).await;
    let letter_named =
        "[...document.querySelectorAll('.file[data-kind=file] .file-name')].at(-1)?.textContent === a[0]";
    bob.tab.until("the letter by its name", letter_named, vec!["Letter to Bob.txt".into()]).await;
    bob.tab.until("the letter in the list", LAST, vec![alice.email.as_str().into(), "Letter to Bob.txt".into()]).await;
    assert_eq!(
        bob.tab
            .ask(
                "document.querySelectorAll('.file[data-kind=file] :is(img[src], video, iframe, object)').length",
                vec![]
            )
            .await,
        0
    );
    alice.until_marked(&["delivered", "delivered"]).await;
    show(&bob.tab, "files-in-a-conversation").await;

    bob.tab.ask(WATCH, vec![]).await;
    bob.tab.click(".file[data-kind=file] [data-file-do=save]").await;
    let bytes: Vec<u8> = std::fs::read(&letter).unwrap();
    let saved = json!(["Letter to Bob.txt", "application/octet-stream", bytes]);
    bob.tab.until("the letter to be saved, byte by byte", SAVED, vec![saved]).await;

    // The viewer, by keyboard alone.
    press(&bob.tab, ".file[data-kind=picture] .file-frame", ENTER).await;
    bob.tab.until_shown("#picture-viewer[open] .viewer-picture").await;
    show(&bob.tab, "files-viewer").await;
    let zoomed = "document.querySelector('.viewer-stage').hasAttribute('data-zoomed')";
    bob.tab.click("#picture-viewer [data-viewer=in]").await;
    bob.tab.until("a larger picture", zoomed, vec![]).await;
    bob.tab.write("#picture-viewer .viewer-stage", ESCAPE).await;
    let back =
        "!document.getElementById('picture-viewer').open && document.activeElement?.classList.contains('file-frame')";
    bob.tab.until("the keyboard at the picture again", back, vec![]).await;

    bob.read_pages_in("fr").await;
    bob.open(&alice).await;
    bob.tab.until("the picture after another start", PICTURE_SEEN, vec![]).await;
    show(&bob.tab, "files-in-a-conversation-french").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_file_is_refused_in_words_and_what_could_run_is_only_saved() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    let drawing = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    alice.carry("drop", json!([["nothing.txt", "text/plain", ""]])).await;
    let state = "document.querySelector('#file-tray .tray-state').textContent === a[0]";
    alice.tab.until("a word about the empty file", state, vec![word("en", "word-file-empty").into()]).await;
    alice.tab.click("#file-tray [data-tray=send]").await;
    alice.tab.until("the same word", state, vec![word("en", "word-file-empty").into()]).await;
    show(&alice.tab, "files-empty").await;
    alice.tab.click("#file-tray [data-tray=remove]").await;
    alice.tab.until("the tray to close", "!document.getElementById('file-tray').open", vec![]).await;

    alice.carry("paste", json!([["drawing.svg", "image/svg+xml", drawing], ["page.html", "text/html", drawing]])).await;
    alice.tab.until_shown(TRAY).await;
    alice.send_tray().await;
    let two = "document.querySelectorAll('.file[data-kind=file]').length === 2";
    bob.tab.until("two files that are no pictures", two, vec![]).await;
    bob.tab.ask(WATCH, vec![]).await;
    bob.tab.click(".file[data-kind=file] [data-file-do=save]").await;
    let saved = json!(["drawing.svg", "application/octet-stream", drawing.as_bytes()]);
    bob.tab.until("the drawing to be saved", SAVED, vec![saved]).await;
    let shown = "document.querySelectorAll('.file :is(img[src], video, audio, iframe, object, embed)').length";
    assert_eq!(bob.tab.ask(shown, vec![]).await, 0, "it is shown nowhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_waits_for_a_press_where_a_person_wants_that_and_goes_on_with_its_text() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    bob.tab.goto(&bob.url("/home?show=settings")).await;
    bob.tab.until_shown("#fetch-pictures:enabled").await;
    bob.tab.click("#fetch-pictures").await;
    bob.tab.goto(&bob.url("/home")).await;
    bob.until_home().await;
    bob.open(&alice).await;

    alice.choose_files(&[&a_picture()]).await;
    alice.tab.write("#file-tray [data-caption]", &format!("Look{ENTER}")).await;
    alice.tab.until("Enter to send", "!document.getElementById('file-tray').open", vec![]).await;
    bob.until_reads(&["Look"]).await;
    bob.tab.until_shown(".file[data-kind=picture][data-file-state=away]").await;
    assert_eq!(bob.tab.ask("document.querySelectorAll('.file-full').length", vec![]).await, 0);
    bob.tab.click(".file[data-kind=picture] .file-frame").await;
    bob.tab.until("the picture after a press", PICTURE_SEEN, vec![]).await;

    choose(&bob.tab, "Look", "forward").await;
    bob.tab.click("#forward-message .choices button").await;
    alice.until_reads(&["Look", "Look"]).await;
    let two = "document.querySelectorAll('.file[data-kind=picture] .file-full').length === 2";
    alice.tab.until("the picture that came back", two, vec![]).await;

    // Its text is taken away again.
    choose(&alice.tab, "Look", "edit").await;
    alice.tab.until("the text to edit", "document.querySelector('[data-draft]').value === 'Look'", vec![]).await;
    alice.tab.ask("document.querySelector('[data-draft]').select()", vec![]).await;
    alice.tab.write("[data-draft]", "\u{e003}").await;
    alice.tab.until_shown("[data-send]").await;
    alice.tab.click("[data-send]").await;
    alice.tab.until("the box for a new message", "document.querySelector('[data-purpose]').hidden", vec![]).await;
    bob.until_reads(&["", "Look"]).await;
    bob.tab.until("both pictures still", two, vec![]).await;

    // A sound is played where it stands, by the browser's own player.
    alice.carry("drop", json!([["silence.wav", "audio/wav", silence()]])).await;
    alice.tab.until_shown(TRAY).await;
    alice.send_tray().await;
    bob.tab.click(".file[data-kind=sound] .file-actions [data-file-do=show]").await;
    let ready = "document.querySelector('.file-player audio[controls]')?.readyState > 0";
    bob.tab.until("a player that can play", ready, vec![]).await;
}
