// Loads the page's WASM and starts it. Everything that takes text is disabled until the module itself enables it, and
// htmx is loaded only by the module, so that a failure here leaves nothing that could send what was typed.
const { glue, wasm, nextGlue, nextWasm } = document.documentElement.dataset;
const open = async (glue, wasm) => {
  const module = await import(glue);
  await module.default({ module_or_path: wasm });
  return module;
};
try {
  const module = await open(glue, wasm);
  await module.start(() => open(nextGlue, nextWasm));
} catch (error) {
  const line = document.getElementById("wasm-failed");
  line.querySelector(".why").textContent = String(error?.message ?? error);
  line.hidden = false;
}
