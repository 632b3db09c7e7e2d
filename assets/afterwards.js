// What can wait until home is quiet: the worker that opens it without a network, the manifest by which it is installed,
// a word on how safely this browser keeps what it stores, and small comforts. Loaded by boot.js some seconds after home
// works; whatever fails here, home goes on without.

const ASKED = "cliquet-asked-to-keep";
// Less room than this is worth a word.
const ROOM_BYTES = 50 * 2 ** 20;

const own = (work) => Promise.resolve().then(work).catch(() => {});
const sent = new EventTarget();
const on = (name, selector, then) =>
  document.addEventListener(name, (event) => event.target.closest?.(selector) && then(event));
on("submit", "[data-composer]", () => sent.dispatchEvent(new Event("sent")));
on("keydown", "[data-draft]", (event) => event.key === "Enter" && sent.dispatchEvent(new Event("sent")));

own(async () => {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return;
  const address = "/service-worker.js";
  const rules = { createScriptURL: (url) => (url === address ? url : "") };
  const policy = globalThis.trustedTypes?.createPolicy("cliquet-worker", rules) ?? rules;
  await serviceWorker.register(policy.createScriptURL(address), { updateViaCache: "none" });
  (await serviceWorker.ready).active.postMessage("keep");
});

own(() => {
  const manifest = document.createElement("link");
  manifest.rel = "manifest";
  manifest.href = "/manifest.webmanifest";
  document.head.append(manifest);
});

own(async () => {
  const { storage } = navigator;
  const words = await (await fetch("/storage/words")).json();
  const hint = () => {
    const line = document.createElement("p");
    line.className = "hint";
    line.dataset.storage = "";
    return line;
  };
  document.querySelector(".people .menu-items > p").after(hint());
  const notice = document.createElement("div");
  notice.className = "notice";
  notice.setAttribute("role", "status");
  notice.dataset.room = "";
  document.getElementById("notice").after(notice);
  const look = async () => {
    const kept = await storage.persisted();
    // Where nothing was said yet, the place is also in sight.
    const empty = document.querySelector(".no-messages");
    if (empty && !empty.querySelector("[data-storage]")) empty.append(hint());
    for (const line of document.querySelectorAll("[data-storage]")) {
      line.textContent = kept ? words.kept : words.may_go;
      line.hidden = kept && line.parentElement === empty;
    }
    const { quota, usage } = await storage.estimate();
    const room = quota - usage;
    const text = room < ROOM_BYTES ? words.low.replace("$room", Math.max(0, Math.floor(room / 2 ** 20))) : "";
    if (notice.textContent !== text) notice.textContent = text;
  };
  await look();
  document.addEventListener("htmx:after:swap", () => own(look));
  setInterval(() => own(look), 60_000);
  // Some browsers ask the person: once, and not before there is something to keep.
  sent.addEventListener("sent", () =>
    setTimeout(() => own(async () => {
      if (!localStorage.getItem(ASKED) && !(await storage.persisted())) {
        localStorage.setItem(ASKED, "1");
        await storage.persist();
      }
      await look();
    }), 2000));
});

own(() => {
  const contacts = document.getElementById("contacts");
  const { title } = document;
  const count = () => {
    const unread = [...contacts.querySelectorAll(".contact-unread")].reduce((sum, line) => sum + Number(line.textContent), 0);
    const counted = unread ? `(${unread}) ${title}` : title;
    if (document.title !== counted) document.title = counted;
  };
  new MutationObserver(count).observe(contacts, { subtree: true, childList: true, characterData: true });
  count();
});

own(() => {
  // A draft stays while another conversation is looked at, in this tab's memory and nowhere else.
  // Kept while one writes, not when something is swapped: two swaps at once see each other half done.
  const drafts = new Map();
  const open = () => document.querySelector("[data-conversation]");
  on("input", "[data-draft]", ({ target }) => drafts.set(open()?.dataset.conversation, target.value));
  sent.addEventListener("sent", () => drafts.delete(open()?.dataset.conversation));
  document.addEventListener("htmx:after:swap", () => {
    const text = drafts.get(open()?.dataset.conversation);
    const draft = open()?.querySelector("[data-draft]");
    if (text && draft && !draft.value) draft.value = text;
  });
  on("click", "[data-add-contact]", () => (document.getElementById("search-email").value = ""));
});
