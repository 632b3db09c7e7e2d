// Word to this browser while no page of Cliquet is open: something came. The person turns it on in the settings. From then
// on each start of home renews it: a browser may change its address, and the server forgets one that is over.

const KEPT = "push";
const QUIET = "quiet-hours";
// What the worker shows, and what a page shows that says no more.
const TAG = "cliquet";

const { serviceWorker } = navigator;
const isOn = () => localStorage.getItem(KEPT) === "on" && Notification.permission === "granted";
let words;

// `asked`: the words that home asks for once it is quiet.
export async function begin(asked) {
  if (!globalThis.PushManager || !globalThis.Notification || !serviceWorker) return;
  words = (await asked).push;
  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-push]")) turn(target);
    // What is told while no page is open is one of them.
    if (target.matches("[data-notify]")) chosen(target);
    if (target.matches("[data-quiet]")) tellWorker();
  });
  document.addEventListener("htmx:after:swap", () => show());
  addEventListener("focus", () => isOn() && clear());
  show();
  if (isOn()) await Promise.all([clear(), subscribe()]);
  else if (localStorage.getItem(KEPT)) await leave();
}

// The line in the settings, if they are open. A server that sends no word has none.
async function show() {
  const line = document.querySelector("[data-push-line]");
  if (!line) return;
  const { key } = await ask("GET");
  const tick = line.querySelector("[data-push]");
  tick.checked = isOn();
  tick.disabled = isSilent();
  line.hidden = !key;
}

const isSilent = () => Notification.permission === "denied" || (localStorage.getItem("notifications") ?? "off") === "off";

async function turn(tick) {
  const line = tick.closest("[data-push-line]");
  const [why, busy] = [line.querySelector(".form-error"), line.querySelector(".form-progress")];
  why.textContent = "";
  tick.disabled = true;
  busy.textContent = words.turning;
  try {
    await (tick.checked ? subscribe() : leave());
  } catch (error) {
    why.textContent = error.words ?? words.failed;
    if (tick.checked) await leave().catch(() => {});
  }
  busy.textContent = "";
  tick.checked = isOn();
  tick.disabled = isSilent();
}

async function chosen({ value }) {
  if (value === "off" && localStorage.getItem(KEPT)) await leave().catch(() => {});
  // The browser may ask first.
  setTimeout(() => show().catch(() => {}), 1000);
  await show();
}

async function subscribe() {
  const { key } = await ask("GET");
  if (!key) return leave();
  const { pushManager } = await serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: key };
  const { endpoint } = await pushManager.subscribe(options).catch(async (error) => {
    // Under a key that the server had before.
    const before = await pushManager.getSubscription();
    if (!before) throw error;
    await before.unsubscribe();
    return pushManager.subscribe(options);
  });
  await ask("PUT", { endpoint });
  localStorage.setItem(KEPT, "on");
  await tellWorker();
}

async function leave() {
  localStorage.removeItem(KEPT);
  const { pushManager } = await serviceWorker.ready;
  await (await pushManager.getSubscription())?.unsubscribe();
  await ask("DELETE");
}

// It runs without a page, and has no other way to know.
async function tellWorker() {
  const { active } = await serviceWorker.ready;
  const icon = document.querySelector("link[rel~=icon]")?.href;
  active.postMessage({ word: { title: words.title, icon, quiet: localStorage.getItem(QUIET) } });
}

// Somebody is here and sees for themselves.
async function clear() {
  const shown = await (await serviceWorker.ready).getNotifications({ tag: TAG });
  for (const notification of shown) notification.close();
}

async function ask(method, body) {
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  const answer = await fetch("/push", { method, headers, body: body && JSON.stringify(body) });
  if (answer.status === 204) return {};
  const said = await answer.json();
  if (answer.ok) return said;
  throw Object.assign(new Error(said.code), { words: `${said.title} ${said.detail}` });
}
