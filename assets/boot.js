// Loads the page's WASM and starts it. Everything that takes text is disabled until the module itself enables it, and
// htmx is loaded only by the module, so that a failure here leaves nothing that could send what was typed.
// `start` is given a function that loads the module that the page names as its next one.
const open = async (glue, wasm) => {
  const module = await import(glue);
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
  }
};
// Kept whole by the browser and shown again: its lead over the other tabs went meanwhile, and it would not know.
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
// Parts of a pane have modules of their own, fetched when the pane is first shown.
const served = new WeakSet();
document.addEventListener("htmx:after:swap", () => {
  for (const part of document.querySelectorAll("#conversation [data-glue]")) {
    if (!served.has(part)) serve(served.add(part) && part.dataset);
  }
});
await serve(document.documentElement.dataset);
// What can wait until the page is quiet.
const { later } = document.documentElement.dataset;
if (later) setTimeout(() => import(later), 5000);
