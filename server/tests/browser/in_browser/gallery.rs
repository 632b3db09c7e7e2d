//! The gallery of a conversation: photos, sounds and files by month, opened, saved, found again in the conversation, and
//! gone when their messages are.

use crate::in_browser::files::{press, silence};
use crate::person::Person;
use crate::picture::show;
use crate::stage::Stage;
use crate::word::word;
use serde_json::{Value, json};

const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
const RIGHT: &str = "\u{e014}";
const HOME: &str = "\u{e011}";
/// Drops files at the conversation: a number draws a picture in a colour of its own, with the number on it; a text is what
/// the file says.
const DROP: &str = "(async () => {
    const carried = new DataTransfer();
    for (const [name, type, content] of a[0]) {
        let bytes = content;
        if (typeof content === 'number') {
            const canvas = Object.assign(document.createElement('canvas'), { width: 480, height: 320 + 40 * (content % 5) });
            const paper = canvas.getContext('2d');
            paper.fillStyle = `hsl(${content * 47} 55% 62%)`;
            paper.fillRect(0, 0, canvas.width, canvas.height);
            paper.fillStyle = `hsl(${content * 47 + 40} 60% 40%)`;
            paper.beginPath();
            paper.arc(240, 180, 60 + 10 * (content % 7), 0, 7);
            paper.fill();
            bytes = await new Promise(done => canvas.toBlob(done, type, 0.9));
        }
        carried.items.add(new File([bytes], name, { type }));
    }
    const at = document.querySelector('.conversation .messages');
    return !at.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: carried }));
})()";
const NAMES: &str = "[...document.querySelectorAll(`.gallery [role=tabpanel]:not([hidden]) .file-name`)]\
    .map(name => name.textContent)";
const FETCHES: &str = "document.querySelectorAll('.gallery .file-full').length";

impl Person {
    async fn sends_files(&self, files: &Value) {
        self.tab.until_shown("form[data-composer] > fieldset:enabled").await;
        self.tab.until("the files to be taken", DROP, vec![files.clone()]).await;
        self.tab.until_shown("#file-tray[open]").await;
        self.tab.click("#file-tray [data-tray=send]").await;
        self.tab.until("the tray to close", "!document.getElementById('file-tray').open", vec![]).await;
    }

    async fn until_files(&self, count: usize) {
        let there = "document.querySelectorAll('.messages .message .file').length === a[0] && \
            !document.querySelector('.messages .file:is([data-file-state=sending], [data-waiting])')";
        self.tab.until(&format!("{count} files"), there, vec![count.into()]).await;
    }

    async fn open_gallery(&self) {
        self.tab.click(".conversation .menu > summary").await;
        self.tab.click(".conversation .menu [data-gallery-here]").await;
        self.tab.until_shown(".gallery [role=tab][aria-selected=true]").await;
    }

    async fn until_named(&self, names: &[&str]) {
        self.tab.until(&format!("{names:?}"), &format!("{NAMES}.join() === a[0]"), vec![names.join(",").into()]).await;
    }

    async fn choose_shelf(&self, shelf: &str) {
        self.tab.click(&format!("#gallery-tab-{shelf}")).await;
        self.tab.until_shown(&format!("#gallery-{shelf}")).await;
    }
}

fn photos(numbers: std::ops::RangeInclusive<u32>) -> Value {
    numbers.map(|number| json!([format!("Photo {number}.jpg"), "image/jpeg", number])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_sounds_and_files_stand_by_month_the_newest_first_and_go_with_their_messages() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    bob.open_gallery().await;
    bob.tab.until_shown("#gallery-pictures .gallery-empty").await;
    show(&bob.tab, "gallery-empty").await;
    bob.tab.click("[data-gallery-back]").await;
    bob.tab.until_shown(".conversation[data-filled]").await;

    alice.sends_files(&photos(1..=9)).await;
    alice
        .sends_files(&json!([["Letter to Bob.txt", "text/plain", "Dear Bob"], ["Song.wav", "audio/wav", silence()]]))
        .await;
    alice.send("That is all of them.").await;
    bob.until_files(11).await;
    let before = stage.proxy.exchanges().len();
    bob.open_gallery().await;
    let newest: Vec<String> = (1..=9).rev().map(|number| format!("Photo {number}.jpg")).collect();
    bob.until_named(&newest.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let month = "new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric' }).format(new Date()) ===\
        document.querySelector('#gallery-pictures h3').textContent";
    bob.tab.until("this month", month, vec![]).await;
    assert_eq!(bob.tab.ask(FETCHES, vec![]).await, 0, "only what came with the messages");
    show(&bob.tab, "gallery-pictures").await;

    // By keyboard: the tabs, a picture, the next one, and back.
    press(&bob.tab, "#gallery-tab-pictures", RIGHT).await;
    bob.tab.until_shown("#gallery-sounds .file").await;
    bob.until_named(&["Song.wav"]).await;
    show(&bob.tab, "gallery-sounds").await;
    press(&bob.tab, "#gallery-tab-sounds", RIGHT).await;
    bob.until_named(&["Letter to Bob.txt"]).await;
    show(&bob.tab, "gallery-files").await;
    press(&bob.tab, "#gallery-tab-files", HOME).await;
    bob.tab.until_shown("#gallery-pictures").await;
    press(&bob.tab, "#gallery-pictures li:nth-child(2) .file-frame", ENTER).await;
    let seen = "document.querySelector('.viewer-name').textContent === a[0] && \
        (image => image.complete && image.naturalWidth > 0)(document.querySelector('.viewer-picture'))";
    bob.tab.until("the picture", seen, vec!["Photo 8.jpg".into()]).await;
    bob.tab.write("#picture-viewer .viewer-stage", RIGHT).await;
    bob.tab.until("the next one", seen, vec!["Photo 7.jpg".into()]).await;
    let place = word("en", "word-viewer-place").replace("{ $place }", "3").replace("{ $count }", "9");
    let place = place.replace("$place", "3").replace("$count", "9");
    let placed = "document.querySelector('.viewer-place').textContent === a[0]";
    bob.tab.until("its place", placed, vec![place.into()]).await;
    bob.tab.write("#picture-viewer .viewer-stage", ESCAPE).await;
    bob.tab.until("the viewer to close", "!document.getElementById('picture-viewer').open", vec![]).await;

    // One is deleted, one comes.
    alice.sends_files(&photos(10..=10)).await;
    bob.tab.until("the new one first", &format!("{NAMES}[0] === 'Photo 10.jpg'"), vec![]).await;
    alice.tab.until_shown(".message[data-mark=delivered] .file, .message[data-mark=read] .file").await;
    let gone = "[...document.querySelectorAll('.messages .message')].find(line => \
        line.querySelector('.file-name')?.textContent === 'Photo 4.jpg').scrollIntoView({ block: 'center' })";
    alice.tab.ask(gone, vec![]).await;
    let menu = "(line => line.dispatchEvent(new MouseEvent('contextmenu', \
        { bubbles: true, cancelable: true, clientX: 300, clientY: 300 })))\
        ([...document.querySelectorAll('.messages .message')].find(line => \
        line.querySelector('.file-name')?.textContent === 'Photo 4.jpg'))";
    alice.tab.ask(menu, vec![]).await;
    alice.tab.click("#message-menu [data-act=delete]").await;
    alice.tab.click("#delete-message [data-delete=everyone]").await;
    bob.tab.until("the deleted one to go", &format!("!{NAMES}.includes('Photo 4.jpg')"), vec![]).await;
    assert_eq!(bob.tab.ask(&format!("{NAMES}.length"), vec![]).await, 9);

    // To its message.
    bob.tab.click("#gallery-pictures li:last-child [data-gallery-go]").await;
    let sought = "document.activeElement?.querySelector('.file-name')?.textContent === 'Photo 1.jpg'";
    bob.tab.until("the message", sought, vec![]).await;

    // Nothing that was asked of the server names the conversation.
    let asked = stage.proxy.exchanges()[before..].to_vec();
    let galleries: Vec<_> = asked.iter().filter(|one| one.target.contains("gallery")).collect();
    assert!(galleries.iter().all(|one| one.target == "/gallery" || one.target.starts_with("/assets/gallery.")));
    assert!(galleries.iter().any(|one| one.target == "/gallery"));

    bob.read_pages_in("fr").await;
    bob.tab.goto(&bob.url("/home?show=gallery")).await;
    bob.tab.until_shown(".gallery-none").await;
    bob.open(&alice).await;
    bob.until_files(11).await;
    bob.open_gallery().await;
    bob.tab.until("all of them", &format!("{NAMES}.length === 9"), vec![]).await;
    show(&bob.tab, "gallery-pictures-french").await;
    bob.choose_shelf("files").await;
    show(&bob.tab, "gallery-files-french").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_has_a_gallery_that_the_server_hears_nothing_of_and_what_is_cleared_is_gone() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    alice.make_group("Harbour", &[&bob]).await;
    bob.open_group("Harbour").await;
    alice.sends_files(&photos(1..=2)).await;
    bob.until_files(2).await;
    let id = bob.tab.ask("document.querySelector('[data-conversation]').dataset.conversation", vec![]).await;
    bob.tab.click("[data-group-info]").await;
    bob.tab.click("#group-info [data-gallery-here]").await;
    bob.until_named(&["Photo 2.jpg", "Photo 1.jpg"]).await;
    assert_eq!(bob.tab.ask("location.pathname + location.search", vec![]).await, "/home?show=gallery");
    bob.tab.click("[data-gallery-back]").await;
    bob.tab.until_shown(".conversation[data-filled]").await;
    // In another tab it is cleared while the gallery is open.
    bob.open_gallery().await;
    bob.until_named(&["Photo 2.jpg", "Photo 1.jpg"]).await;
    let other = bob.browser.new_tab().await;
    other.goto(&bob.url("/home")).await;
    other.goto(&bob.url(&format!("/home#group={}", id.as_str().unwrap()))).await;
    other.until_shown(".conversation[data-filled]").await;
    other.click(".conversation .menu > summary").await;
    other.click(".conversation .menu details:has([data-command=clear]) > summary").await;
    other.click(".conversation [data-command=clear]").await;
    bob.tab.until_shown("#gallery-pictures .gallery-empty").await;
    let id = id.as_str().unwrap();
    assert!(stage.proxy.exchanges().iter().all(|one| !one.target.contains(id)), "the group is named in an address");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: cargo xtask soak stories"]
async fn a_long_conversation_is_read_in_pieces_between_which_the_page_lives() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.sends_files(&photos(1..=1)).await;
    bob.until_files(1).await;
    // Above it, so that all are read before it is found.
    const MANY: usize = 200;
    for turn in 0..MANY / 100 {
        let texts: Vec<String> =
            (0..100).map(|line| format!("A line of usual length, number {line} of {turn}")).collect();
        alice.send_all(&texts).await;
    }
    let open = "(async () => {
        const begun = performance.now();
        let last = begun, worst = 0, done = false;
        const look = () => {
            worst = Math.max(worst, performance.now() - last);
            last = performance.now();
            if (!done) setTimeout(look);
        };
        look();
        document.querySelector('.conversation .menu [data-gallery-here]').click();
        while (!document.querySelector('#gallery-pictures .file')) await new Promise(next => setTimeout(next, 5));
        done = true;
        return { all: performance.now() - begun, worst };
    })()";
    // The chunk is there from now on.
    alice.open_gallery().await;
    alice.until_named(&["Photo 1.jpg"]).await;
    alice.tab.click("[data-gallery-back]").await;
    alice.tab.until_shown(".conversation[data-filled]").await;
    let took = alice.tab.ask(open, vec![]).await;
    println!("{MANY} messages until the one photo before them: {took}");
    assert!(took["worst"].as_f64().unwrap() < 1_000.0, "the page stood still: {took}");
}
