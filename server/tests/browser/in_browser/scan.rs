//! The camera compares a contact's code, and reads somebody's link. It sees what another browser shows.

use crate::browser::Tab;
use crate::person::Person;
use crate::picture::show;
use crate::stage::Stage;
use crate::word::word;
use serde_json::{Value, json};

const CODE: &str = "(path => path && [path.getAttribute('d'), path.closest('svg').viewBox.baseVal.width])\
    (document.querySelector('[data-qr] path'))";
/// A camera that sees a code, held a little askew, on a page that is not all white.
const CAMERA: &str = "(([shape, modules]) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
    const paper = canvas.getContext('2d');
    const look = () => {
        paper.resetTransform();
        paper.fillStyle = '#ddd';
        paper.fillRect(0, 0, 640, 480);
        paper.translate(140, 40);
        paper.rotate(0.06);
        paper.scale(400 / modules, 400 / modules);
        paper.fillStyle = '#fff';
        paper.fillRect(0, 0, modules, modules);
        paper.fillStyle = '#222';
        paper.fill(new Path2D(shape));
    };
    look();
    setInterval(look, 100);
    navigator.mediaDevices.enumerateDevices = async () => [{ kind: 'videoinput' }];
    navigator.mediaDevices.getUserMedia = async () => window.camera = canvas.captureStream(10);
})(a[0])";
const REFUSED: &str = "navigator.mediaDevices.enumerateDevices = async () => [{ kind: 'videoinput' }], \
    navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError') }, true";
const IS_OFF: &str = "window.camera.getTracks().every(track => track.readyState === 'ended')";

/// The code that is on the page: its shape, and how wide it is.
pub(super) async fn code(tab: &Tab) -> Value {
    tab.until("the code", CODE, vec![]).await;
    tab.ask(CODE, vec![]).await
}

/// From now on the page has a camera, which sees this code.
async fn hold_before(tab: &Tab, code: &Value) {
    tab.ask(CAMERA, vec![code.clone()]).await;
}

async fn is_told(tab: &Tab, key: &str) {
    let says = "['.form-error', '[data-scan-done]'].some(part => \
        document.querySelector(`#scan-code[open] ${part}`)?.textContent === a[0])";
    tab.until(key, says, vec![word("en", key).into()]).await;
}

impl Person {
    /// Opens the safety number, again if it is open.
    pub(super) async fn open_number(&self) {
        if self.tab.ask("document.querySelector('#safety-number').hidden", vec![]).await == false {
            self.tab.click(".pane-head [data-safety-number]").await;
        }
        self.tab.click(".pane-head [data-safety-number]").await;
        self.tab.until_shown("#safety-number [data-qr] path").await;
    }

    /// Holds a code before the camera in the open conversation, and is told this.
    pub(super) async fn compares_by_camera(&self, code: &Value, key: &str) {
        hold_before(&self.tab, code).await;
        self.open_number().await;
        self.scan("#safety-number").await;
        is_told(&self.tab, key).await;
        self.tab.until("the camera to be off", IS_OFF, vec![]).await;
        show(&self.tab, key.trim_start_matches("word-")).await;
        self.tab.click("#scan-code [data-close]").await;
    }

    async fn scan(&self, place: &str) {
        self.tab.until_shown(&format!("{place} [data-scan]")).await;
        self.tab.click(&format!("{place} [data-scan]")).await;
    }
}

/// Alice and Bob, who talk, and Carol. Bob shows the safety number of the two, Carol her link: what their codes are.
async fn three_of_whom_two_show_codes() -> (Stage, Person, Person, Person, [Value; 2]) {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    let carol = stage.person("carol").await;
    carol.sign_up().await;
    carol.tab.goto(&carol.url("/home?show=add-me")).await;
    bob.open_number().await;
    let codes = [code(&bob.tab).await, code(&carol.tab).await];
    (stage, alice, bob, carol, codes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_is_verified_by_the_camera_and_another_ones_code_is_not_taken() {
    let (_stage, alice, bob, _carol, [number, carols]) = three_of_whom_two_show_codes().await;
    alice.open_number().await;
    assert_eq!(code(&alice.tab).await, number, "both see the same code");

    // A camera that is refused, and one that sees the code of somebody else.
    alice.tab.ask(REFUSED, vec![]).await;
    alice.open_number().await;
    for name in ["safety-number", "safety-number-french"] {
        if name == "safety-number-french" {
            alice.read_pages_in("fr").await;
            alice.tab.ask(REFUSED, vec![]).await;
            alice.open_number().await;
        }
        show(&alice.tab, name).await;
    }
    alice.read_pages_in("en").await;
    alice.tab.ask(REFUSED, vec![]).await;
    alice.open_number().await;
    alice.scan("#safety-number").await;
    is_told(&alice.tab, "word-scan-refused").await;
    show(&alice.tab, "scan-refused").await;
    alice.tab.click("#scan-code [data-close]").await;
    alice.compares_by_camera(&carols, "word-scan-different").await;
    assert_eq!(alice.tab.ask("document.querySelectorAll('[data-state~=verified]').length", vec![]).await, 0);

    alice.compares_by_camera(&number, "word-scan-same").await;
    alice.tab.until_shown(&format!("section[data-conversation='{}'][data-state~=verified]", bob.email)).await;

    // A link is as good as the number, in the conversation and to add somebody.
    bob.tab.goto(&bob.url("/home?show=add-me")).await;
    let bobs_link = code(&bob.tab).await;
    alice.tab.click("[data-command=unverify]").await;
    alice.tab.until_shown(&format!("section[data-conversation='{}']:not([data-state~=verified])", bob.email)).await;
    alice.compares_by_camera(&bobs_link, "word-scan-same").await;
    alice.tab.until_shown(&format!("section[data-conversation='{}'][data-state~=verified]", bob.email)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_added_by_the_code_on_their_screen_and_the_camera_goes_off() {
    let (_stage, alice, bob, carol, [number, carols]) = three_of_whom_two_show_codes().await;

    alice.tab.goto(&alice.url("/home?show=add-me")).await;
    alice.until_home().await;
    code(&alice.tab).await;
    let has_button = "document.querySelector('.add-me [data-scan]').hidden";
    assert_eq!(alice.tab.ask(has_button, vec![]).await, json!(true), "there is no camera");
    hold_before(&alice.tab, &number).await;
    alice.open(&bob).await;
    alice.tab.click(".people .menu > summary").await;
    alice.tab.click(".people .menu [hx-get='/add-me']").await;
    alice.scan(".add-me").await;
    is_told(&alice.tab, "word-scan-is-number").await;
    show(&alice.tab, "scan").await;
    alice.tab.click("#scan-code [data-close]").await;
    alice.tab.until("the camera to be off", IS_OFF, vec![]).await;

    hold_before(&alice.tab, &carols).await;
    alice.scan(".add-me").await;
    alice.tab.until_shown("#add-by-link[open] [data-add]").await;
    alice.tab.until("the camera to be off", IS_OFF, vec![]).await;
    alice.tab.click("#add-by-link [data-add]").await;
    alice.tab.until_shown(&format!("section[data-conversation='{}'][data-state~=verified]", carol.email)).await;
    alice.send("from your screen").await;
    carol.tab.goto(&carol.url("/home")).await;
    carol.until_home().await;
    carol.accept(&alice).await;
    carol.until_reads(&["from your screen"]).await;
}
