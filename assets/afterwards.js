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

const worker = own(async () => {
  const { serviceWorker } = navigator;
  const address = "/service-worker.js";
  const rules = { createScriptURL: (url) => (url === address ? url : "") };
  const policy = globalThis.trustedTypes?.createPolicy("cliquet-worker", rules) ?? rules;
  await serviceWorker.register(policy.createScriptURL(address), { updateViaCache: "none" });
  const { active } = await serviceWorker.ready;
  active.postMessage("keep");
  return active;
});

own(async () => {
  const manifest = document.createElement("link");
  manifest.rel = "manifest";
  // Only where the worker is there to answer is the app one to share with: else what is shared would go to the server.
  manifest.href = (await worker) ? "/manifest.webmanifest?share" : "/manifest.webmanifest";
  // A proxy in front may ask for a name and a password: without credentials it would not let the manifest through.
  manifest.crossOrigin = "use-credentials";
  document.head.append(manifest);
});

const asked = own(async () => (await fetch("/storage/words")).json());

own(async () => (await import(document.documentElement.dataset.pushModule)).begin(asked));

own(async () => {
  const { storage } = navigator;
  const words = await asked;
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
    // What is muted asks for nobody.
    const lines = contacts.querySelectorAll("li:not([data-settings~=muted]) .contact-unread");
    const unread = [...lines].reduce((sum, line) => sum + Number(line.textContent), 0);
    const counted = unread ? `(${unread}) ${title}` : title;
    if (document.title === counted) return;
    document.title = counted;
    // On the icon of an installed app.
    (unread ? navigator.setAppBadge?.(unread) : navigator.clearAppBadge?.())?.catch(() => {});
  };
  new MutationObserver(count).observe(contacts, { subtree: true, childList: true, characterData: true });
  count();
});

own(() => {
  const mac = /^(Mac|iP)/.test(navigator.platform);
  const menus = () => document.querySelectorAll("details.menu[open]");
  const close = (menu) => (menu.open = false);
  // A menu closes when something was chosen in it that leads elsewhere, or when one goes on elsewhere.
  document.addEventListener("click", ({ target }) => {
    for (const menu of menus()) if (!menu.contains(target) || target.closest(".menu-items a")) close(menu);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of menus()) {
        const inside = menu.contains(event.target);
        close(menu);
        if (inside) menu.querySelector("summary").focus();
      }
    }
    // To the search: ⌘K on a Mac, where Control+K deletes to the end of the line; Ctrl+K elsewhere. A single key would be
    // pressed by accident, and by those who speak to their computer (WCAG 2.1.4).
    const combined = mac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
    const called = combined && event.key === "k" && !event.altKey && !event.shiftKey;
    if (!called || event.isComposing) return;
    event.preventDefault();
    const field = document.getElementById("search-words");
    if (field) field.focus();
    else search.click();
  });
  const search = document.querySelector('.menu-items [hx-get="/search"]');
  search.setAttribute("aria-keyshortcuts", mac ? "Meta+K" : "Control+K");
});
