// Loads the chunks of a split module. Merged into the module's glue, whose `wasm` has the exports of the main part.
// A chunk that did not load is asked for again by the next call.
const __chunk = (file, shared = []) => {
  let loading;
  return () => (loading ??= (async () => {
    const needed = Promise.all(shared.map((load) => load()));
    const answer = fetch(new URL(file, import.meta.url));
    // Said below; unheard it would be reported twice.
    answer.catch(() => {});
    await needed;
    await WebAssembly.instantiateStreaming(answer, { __wasm_split: wasm });
  })().catch((error) => {
    loading = undefined;
    throw error;
  }));
};
// What the module calls: it waits for `callback`, a function in its table.
const __loader = (load) => async (callback, data) => {
  const loaded = await load().then(() => true, (error) => (console.error(error), false));
  wasm.__indirect_function_table.get(callback)(data, loaded);
};
