//! Photos: turned as they were held, smaller, and without what the camera wrote beside them; or every byte as it is.

use crate::browser::Tab;
use crate::person::Person;
use crate::stage::Stage;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Of what is drawn: wide, red on the left and blue on the right. The PNG has a hole instead of the blue.
const DRAWN: &str = "new Promise(done => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 3000, height: 1000 });
    const paper = canvas.getContext('2d');
    paper.fillStyle = '#f00';
    paper.fillRect(0, 0, 1500, 1000);
    paper.fillStyle = '#00f';
    if (a[0] === 'image/jpeg') paper.fillRect(1500, 0, 1500, 1000);
    canvas.toBlob(blob => blob.arrayBuffer().then(bytes => done([...new Uint8Array(bytes)])), a[0], 0.9);
})";
/// Remembers every blob that gets an address on the page.
const WATCH: &str = "(() => {
    const make = URL.createObjectURL;
    window.blobs = [];
    URL.createObjectURL = blob => { window.blobs.push(blob); return make.call(URL, blob) };
    return true;
})()";
/// What came: the type, the bytes, the size, and the colours near the beginning and the end.
const CAME: &str = "Promise.all(window.blobs.map(async blob => {
    const bytes = [...new Uint8Array(await blob.arrayBuffer())];
    const picture = await createImageBitmap(blob);
    const { width, height } = picture, canvas = new OffscreenCanvas(width, height), paper = canvas.getContext('2d');
    paper.drawImage(picture, 0, 0);
    const at = (x, y) => [...paper.getImageData(x, y, 1, 1).data];
    return { type: blob.type, bytes, width, height, first: at(3, 3), last: at(width - 4, height - 4) };
}))";
const PLACE: [u32; 6] = [48, 1, 51, 1, 24, 1];

impl Person {
    pub(super) async fn sends_file(&self, path: &Path, original: bool) {
        self.tab.until_shown("form[data-composer] > fieldset:enabled").await;
        self.tab.choose_file("[data-file-input]", &path.display().to_string()).await;
        self.tab.until_shown("#file-tray[open]").await;
        if original {
            self.tab.click("#file-tray [data-original]").await;
        }
        self.tab.click("#file-tray [data-tray=send]").await;
        self.tab.until("the tray to close", "!document.getElementById('file-tray').open", vec![]).await;
    }

    /// The whole pictures that came since the page was watched, once there are so many: not their previews.
    async fn pictures(&self, count: usize) -> Vec<Value> {
        let shown = "[...document.querySelectorAll('.message.peer .file-full')]\
            .filter(picture => picture.complete && picture.naturalWidth > 0).length === a[0]";
        self.tab.until("the pictures", shown, vec![count.into()]).await;
        let came = self.tab.ask(CAME, vec![]).await;
        came.as_array().unwrap().iter().filter(|one| one["width"].as_u64().unwrap() > 96).cloned().collect()
    }
}

/// What a camera writes beside a picture (Exif 2.3): that it is to be turned to the right, and where it was taken.
fn notes() -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    let tiff = [
        b"MM\0\x2a\0\0\0\x08\0\x02".to_vec(),
        entry(0x0112, 3, 1, [0, 6, 0, 0]),
        entry(0x8825, 4, 1, 38_u32.to_be_bytes()),
        vec![0; 4],
        b"\0\x02".to_vec(),
        entry(0x0001, 2, 2, *b"N\0\0\0"),
        entry(0x0002, 5, 3, 68_u32.to_be_bytes()),
        vec![0; 4],
        place(),
    ]
    .concat();
    let length = u16::try_from(tiff.len() + 8).unwrap();
    [b"\xff\xe1", &length.to_be_bytes()[..], b"Exif\0\0", &tiff].concat()
}

fn place() -> Vec<u8> {
    PLACE.iter().flat_map(|number| number.to_be_bytes()).collect()
}

async fn drawn(tab: &Tab, media_type: &str) -> Vec<u8> {
    bytes(&tab.ask(DRAWN, vec![media_type.into()]).await)
}

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::from_value(value.clone()).unwrap()
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// A photo that was taken upright, in a camera that lies on its side.
async fn photo(tab: &Tab, folder: &Path) -> (PathBuf, Vec<u8>) {
    let plain = drawn(tab, "image/jpeg").await;
    let photo = [&plain[..2], &notes(), &plain[2..]].concat();
    assert!(has(&photo, b"Exif") && has(&photo, &place()));
    let path = folder.join("Harbour.jpeg");
    std::fs::write(&path, &photo).unwrap();
    (path, photo)
}

fn is_colour(pixel: &Value, colour: [i64; 4]) -> bool {
    (0..4).all(|at| (pixel[at].as_i64().unwrap() - colour[at]).abs() < 12)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_loses_its_place_and_is_turned_and_an_original_keeps_every_byte() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    let folder = tempfile::tempdir().unwrap();
    let (path, photo) = photo(&alice.tab, folder.path()).await;

    bob.tab.ask(WATCH, vec![]).await;
    alice.sends_file(&path, false).await;
    let came = bob.pictures(1).await;
    let sent = &came[0];
    assert_eq!((&sent["width"], &sent["height"]), (&json!(683), &json!(2048)), "turned, and smaller");
    assert!(is_colour(&sent["first"], [255, 0, 0, 255]) && is_colour(&sent["last"], [0, 0, 255, 255]), "{sent}");
    assert_eq!(sent["type"], "image/jpeg");
    let all = bob.tab.ask(CAME, vec![]).await;
    for one in all.as_array().unwrap() {
        let bytes = bytes(&one["bytes"]);
        assert!(!has(&bytes, b"Exif") && !has(&bytes, &place()), "a picture of {} bytes says the place", bytes.len());
    }
    let preview = all.as_array().unwrap().iter().find(|one| one["width"].as_u64().unwrap() <= 96).unwrap();
    assert_eq!((&preview["width"], &preview["height"]), (&json!(32), &json!(96)));
    let named = "document.querySelector('.message.peer .file-name').textContent === 'Harbour.jpg'";
    bob.tab.until("the name", named, vec![]).await;

    alice.sends_file(&path, true).await;
    let came = bob.pictures(2).await;
    assert!(came.iter().any(|one| bytes(&one["bytes"]) == photo), "every byte as it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_transparent_stays_so_and_what_is_no_picture_or_too_many_pixels_is_sent_as_a_file() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    let folder = tempfile::tempdir().unwrap();
    let drawing = folder.path().join("Logo.png");
    let png = drawn(&alice.tab, "image/png").await;
    std::fs::write(&drawing, &png).unwrap();
    bob.tab.ask(WATCH, vec![]).await;
    alice.sends_file(&drawing, false).await;
    let came = bob.pictures(1).await;
    assert_eq!((&came[0]["type"], &came[0]["width"]), (&json!("image/png"), &json!(2048)));
    assert_eq!(came[0]["last"][3], 0, "there is still a hole in it");

    // A few bytes that claim more pixels than there is memory, and a photo that Chromium does not know.
    let mut bomb = png;
    bomb.splice(16..24, [0, 1, 0, 0, 0, 1, 0, 0]);
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec();
    for (name, bytes, state) in [("bomb.png", bomb, "unshown"), ("photo.heic", heic, "away")] {
        let path = folder.path().join(name);
        std::fs::write(&path, &bytes).unwrap();
        alice.sends_file(&path, false).await;
        let named = "[...document.querySelectorAll('.message.peer .file-name')].at(-1)?.textContent === a[0]";
        bob.tab.until(name, named, vec![name.into()]).await;
        let sizes =
            "[...document.querySelectorAll('.message.peer .file')].at(-1).querySelector('.file-preview[src]') === null";
        bob.tab.until("no preview", sizes, vec![]).await;
        let is_not_shown = "(file => file.dataset.fileState === a[0] && !file.querySelector('.file-full'))\
            ([...document.querySelectorAll('.message.peer .file')].at(-1))";
        bob.tab.until("nothing to be shown of it", is_not_shown, vec![state.into()]).await;
    }

    // What goes along as the camera wrote it is said, and only there.
    for (name, is_said) in [("again.png", false), ("dance.gif", true), ("walk.mp4", true)] {
        let path = folder.path().join(name);
        std::fs::write(&path, b"nothing that decodes").unwrap();
        alice.tab.choose_file("[data-file-input]", &path.display().to_string()).await;
        alice.tab.until_shown("#file-tray[open]").await;
        let said = "document.querySelector('#file-tray .if-as-it-is').checkVisibility()";
        assert_eq!(alice.tab.ask(said, vec![]).await, json!(is_said), "{name}");
        alice.tab.click("#file-tray [data-tray=close]").await;
        alice.tab.until("the tray to close", "!document.getElementById('file-tray').open", vec![]).await;
    }
}
