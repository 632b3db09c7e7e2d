// Loads the page's program and starts it. What is typed goes nowhere until the program itself enables the buttons: inputs
// have no name, and htmx is loaded only by the program, so that a failure here leaves nothing that could send them.
// `start` is given a function that loads the program that the page names as its next one.

// A browser may remember that a file did not load. So each further try asks for it under another address.
const failures = new Map();
const load = async (glue) => {
  const count = failures.get(glue) ?? 0;
  try {
    return await import(count ? `${glue}?${count}` : glue);
  } catch (error) {
    failures.set(glue, count + 1);
    throw error;
  }
};
const open = async (glue, wasm) => {
  const module = await load(glue);
  await module.default({ module_or_path: wasm });
  return module;
};
const serve = async ({ glue, wasm, nextGlue, nextWasm }) => {
  try {
    const module = await open(glue, wasm);
    await module.start(async () => {
      const next = await open(nextGlue, nextWasm);
      // What it fetches only when asked to begin an account, as this page soon will.
      next.prepare?.();
      return next;
    });
  } catch (error) {
    const line = document.getElementById("wasm-failed");
    line.querySelector(".why").textContent = String(error?.message ?? error);
    line.hidden = false;
    // A card has one form, and it can do nothing now.
    for (const fieldset of document.querySelectorAll(".card fieldset")) fieldset.disabled = true;
  }
};
// Kept whole by the browser and shown again: its lead over the other tabs went meanwhile, and it would not know.
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
await serve(document.documentElement.dataset);
// What can wait until the page is quiet.
const { later } = document.documentElement.dataset;
if (later) setTimeout(() => import(later), 5000);
