// Opens home without a network: the shell, which is the same for everyone, and the skeleton of the pages as last seen,
// sealed. Knows no message, no key, and nothing that the server says as JSON: all that stays in the store of the page.
// Hands a player the bytes that its page opens for it, and keeps none of them.
// The server puts two lines in front: RELEASE, and FILES, the addresses of what home loads.

/* global RELEASE, FILES */

// Files never change under a name, so a release is a cache of its own, and the one before stays for tabs that still run it.
const SHELL = "shell-";
const PAGES = "pages";
const WORD = "word";
// A page of a conversation holds nothing but the address, so one with this address stands for all.
const NOBODY = "somebody@cliquet.invalid";
// The same for everyone, and of use without a network.
const PANES = ["/search", "/settings", "/add-me", "/gallery"];
const NEEDED = ["/home", "/contacts", ...PANES, "/conversations", `/conversations/${NOBODY}`];
// Longer than this nobody waits for a page that is here already.
const PATIENCE_MS = 4000;
// A film or sound that a page plays while it comes has an address under this one. The server knows none of them.
const PLAYING = "/playing/";
// So long a page may take to answer. It takes less (`LATER_MS` in platform/playing.rs), unless it plays nothing.
const ANSWER_MS = 30_000;
// Pauses after one of them could not be fetched. The next page that opens tries again.
const KEEP_AGAIN_MS = [2000, 6000, 0];
// Where the system hands over what a person shares with the installed app. Answered here, and never sent.
const SHARE = "/share";
// So long it is held for the page: within the time that browsers let a worker answer one event. Unlocking takes a while.
const HELD_MS = 240_000;
// After these, another may be signed in, or the same in another language.
const ENDS = /^\/(sign-|recover|password|language|account$)/;

let era = 0;
// What was shared and not taken yet. In memory alone: nothing of it is on the disk.
let shared;

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("message", (event) => {
  if (event.data === "keep") event.waitUntil(keepNeeded());
  if (event.data.word) event.waitUntil(keepWord(event.data.word));
  if (event.data === "take") event.ports[0].postMessage(take());
});
addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === "POST" && url.pathname === SHARE) {
    event.respondWith(share(event));
  } else if (request.method !== "GET") {
    if (ENDS.test(url.pathname)) event.waitUntil(forget());
  } else if (url.pathname.startsWith(PLAYING)) {
    event.respondWith(played(event, url));
  } else if (url.pathname.startsWith("/assets/")) {
    event.respondWith(caches.match(url.pathname).then((file) => file ?? fetch(request)));
  } else if (isPage(url) && request.headers.get("Accept")?.includes("text/html")) {
    event.respondWith(page(event, url));
  }
});

addEventListener("push", (event) => event.waitUntil(tell()));
addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(go(event.notification.data));
});

// What to say, in the person's language, and when to be quiet: from the page, because the worker is ended between two words.
const keepWord = async (word) => (await caches.open(WORD)).put(WORD, new Response(JSON.stringify(word)));

// Something came while no page was there to fetch it. What, and from whom, is not in the word.
async function tell() {
  const pages = await clients.matchAll({ type: "window" });
  // It says so better.
  if (pages.some(({ visibilityState }) => visibilityState === "visible")) return;
  const word = await caches.match(WORD);
  const { title = "Cliquet", icon, quiet } = word ? await word.json() : {};
  // A browser wants to see something shown for each word.
  const silent = isQuiet(quiet, new Date());
  await registration.showNotification(title, { icon, tag: "cliquet", data: "/home", renotify: !silent, silent });
}

// Within hours such as "22:00-07:00".
function isQuiet(hours, now) {
  const [from, to] = (hours ?? "").split("-").map((time) => time.split(":").reduce((sum, part) => sum * 60 + Number(part), 0));
  if (to === undefined) return false;
  const minute = now.getHours() * 60 + now.getMinutes();
  return from <= to ? from <= minute && minute < to : from <= minute || minute < to;
}

// To a page of home that is open, or to a new one.
async function go(page) {
  const [home] = await clients.matchAll({ type: "window" });
  if (!home) return clients.openWindow(page);
  // Where the browser does not let it, the page goes there all the same.
  await home.focus().catch(() => {});
  return home.navigate(page);
}

// To home, which takes it. A later one takes the place of an earlier one.
async function share(event) {
  const form = await event.request.formData().catch(() => new FormData());
  const texts = ["title", "text", "url"].map((name) => form.get(name)).filter((text) => typeof text === "string" && text);
  const held = { text: [...new Set(texts)].join("\n"), files: form.getAll("files").filter((file) => file instanceof File) };
  held.over = new Promise((over) => (held.end = over));
  shared?.end();
  shared = held;
  setTimeout(held.end, HELD_MS);
  // A worker without work is ended by the browser, and its memory with it.
  event.waitUntil(held.over.then(() => shared === held && (shared = undefined)));
  return Response.redirect("/home#shared", 303);
}

// Once.
function take() {
  if (!shared) return null;
  const { text, files, end } = shared;
  shared = undefined;
  end();
  return { text, files };
}

// A part of a film or sound, from the page whose player asks for it. Only that page has it, and only a player gets it.
async function played({ clientId, request }, { pathname }) {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("Range") ?? "") ?? [];
  const isPlayer = ["audio", "video"].includes(request.destination);
  const page = from && isPlayer ? await clients.get(clientId) : undefined;
  if (!page) return new Response(null, { status: 404 });
  const answer = await answered(page, { playing: pathname.slice(PLAYING.length), from: Number(from), to: to ? Number(to) : null });
  // As without a network: players ask again for a while.
  if (answer === "later") return Response.error();
  if (!answer || !/^(audio|video)\/[a-z0-9]+$/.test(answer.type)) return new Response(null, { status: 404 });
  const headers = { "Accept-Ranges": "bytes", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" };
  const { bytes, size, type } = answer;
  if (!bytes) return new Response(null, { status: 416, headers: { ...headers, "Content-Range": `bytes */${size}` } });
  headers["Content-Length"] = bytes.byteLength;
  headers["Content-Range"] = `bytes ${answer.from}-${answer.from + bytes.byteLength - 1}/${size}`;
  return new Response(bytes, { status: 206, headers: { ...headers, "Content-Type": type } });
}

function answered(page, question) {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
    setTimeout(resolve, ANSWER_MS);
    page.postMessage(question, [port2]);
  }).finally(() => port1.close());
}

const isPage = ({ pathname }) => ["/", "/home", "/contacts", ...PANES].includes(pathname) || /^\/conversations(\/[^/]+)?$/.test(pathname);

async function install() {
  const shell = await caches.open(SHELL + RELEASE);
  await shell.addAll(FILES);
  // Its pages name its own files, and each release finds its own: nothing is gained by waiting for the last old tab.
  await skipWaiting();
}

async function activate() {
  const shells = (await caches.keys()).filter((name) => name.startsWith(SHELL));
  const before = shells.filter((name) => name !== SHELL + RELEASE).slice(0, -1);
  await Promise.all(before.map((name) => caches.delete(name)));
  await clients.claim();
}

// From the server as long as it answers in time, else as it was.
async function page(event, url) {
  const then = era;
  // No navigation preload: without a network it ends in each browser in another way.
  const asked = fetch(event.request);
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  const answer = await Promise.race([asked, late]).catch(() => undefined);
  if (answer && answer.status < 502) {
    event.waitUntil(heed(url, answer.clone(), then));
    return answer;
  }
  return (await kept(url).catch(() => undefined)) ?? answer ?? asked;
}

async function heed(url, answer, then) {
  // Led away from home, or told to sign in.
  if (answer.type === "opaqueredirect" ? url.pathname === "/home" : answer.status === 401) return forget();
  // A part of a page is no page: it comes with another policy.
  const policy = answer.headers.get("Content-Security-Policy") ?? "";
  if (url.pathname === "/home" && !policy.includes("script-src")) return;
  if (answer.ok && NEEDED.includes(url.pathname + url.search)) await keep(url.pathname, answer, then);
}

async function keepNeeded() {
  const then = era;
  for (const pause of KEEP_AGAIN_MS) {
    const missing = [];
    // One at a time: a message goes before them.
    for (const path of NEEDED) await keepPage(path).catch(() => missing.push(path));
    if (missing.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (then !== era) return;
  }
}

async function keepPage(path) {
  if ((await open(path).catch(() => undefined))?.release === RELEASE) return;
  const headers = { Accept: "text/html" };
  if (path !== "/home") headers["HX-Request"] = "true";
  const then = era;
  const answer = await fetch(path, { headers, redirect: "manual" });
  if (answer.status >= 500) throw new Error(`${path}: ${answer.status}`);
  await heed(new URL(path, location.origin), answer, then);
}

// What is asked for, made of what is kept.
async function kept(url) {
  const { pathname } = url;
  if (["/contacts", "/conversations", ...PANES].includes(pathname)) return shown(await open(pathname));
  if (pathname.startsWith("/conversations/")) {
    const page = await open(`/conversations/${NOBODY}`);
    return shown({ ...page, body: addressed(page.body, decodeURIComponent(pathname.split("/")[2])) });
  }
  const home = await open("/home");
  const other = url.searchParams.get("with");
  if (other) return shown(beside(home, addressed((await open(`/conversations/${NOBODY}`)).body, other)));
  const pane = PANES.find((path) => path === `/${url.searchParams.get("show")}`);
  if (!pane) return shown(home);
  return shown(beside(home, `<div data-pane hx-get="${pane}" hx-trigger="load" hx-target="#conversation"></div>`));
}

// Home, with this as its pane.
const beside = (home, pane) => ({
  ...home,
  body: home.body.replace(/(?<=<!--pane-->)[^]*(?=<!--\/pane-->)/, () => pane),
});

const shown = ({ body, headers }) => new Response(body, { headers });

const ESCAPED = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" };

function addressed(body, address) {
  const escape = (text) => text.replace(/[&<>"']/g, (letter) => ESCAPED[letter]);
  const avatar = `aria-hidden="true">${NOBODY[0]}<`;
  return body.replaceAll(avatar, () => avatar.replace(`${NOBODY[0]}<`, () => `${escape(address[0])}<`)).replaceAll(NOBODY, () => escape(address));
}

// Pages name people, so they are sealed like everything else on this disk, under a key that nobody is shown.
const ALGORITHM = "AES-GCM";
const NONCE_BYTES = 12;

async function keep(path, answer, then) {
  const headers = [...answer.headers].filter(([name]) => !/^content-(encoding|length)$|^transfer-encoding$/.test(name));
  const content = new TextEncoder().encode(JSON.stringify({ release: RELEASE, headers, body: await answer.text() }));
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = await crypto.subtle.encrypt(sealing(iv, path), await key(true), content);
  // Anyone who signed out meanwhile leaves nothing behind.
  if (then === era) await (await caches.open(PAGES)).put(path, new Response(new Blob([iv, sealed])));
}

async function open(path) {
  const entry = await (await caches.open(PAGES)).match(path);
  const bytes = await entry.arrayBuffer();
  const algorithm = sealing(new Uint8Array(bytes, 0, NONCE_BYTES), path);
  const content = await crypto.subtle.decrypt(algorithm, await key(false), new Uint8Array(bytes, NONCE_BYTES));
  return JSON.parse(new TextDecoder().decode(content));
}

const sealing = (iv, path) => ({ name: ALGORITHM, iv, additionalData: new TextEncoder().encode(path) });

async function forget() {
  era += 1;
  shared?.end();
  shared = undefined;
  await caches.delete(PAGES);
  await inKeys((keys) => keys.delete(PAGES));
}

async function key(make) {
  const found = await inKeys((keys) => keys.get(PAGES));
  if (found || !make) return found;
  const made = await crypto.subtle.generateKey({ name: ALGORITHM, length: 256 }, false, ["encrypt", "decrypt"]);
  // Of two that do this at once, the first one's stays: `add` refuses the second.
  await inKeys((keys) => keys.add(made, PAGES)).catch(() => {});
  return inKeys((keys) => keys.get(PAGES));
}

async function inKeys(work) {
  const done = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const opening = indexedDB.open("cliquet-pages", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
  const database = await done(opening);
  try {
    return await done(work(database.transaction("keys", "readwrite").objectStore("keys")));
  } finally {
    database.close();
  }
}
