// Owns the browser's run: rounds in which the three take turns on one page. Posts what each took; medians and ratios are
// the reader's work. Loops over messages run inside of the two WASM modules; libolm's run here, where its interface is.

import startCliquet, { Bench as Cliquet } from "./cliquet.js";
import startVodozemac, { Bench as Vodozemac } from "./vodozemac.js";

const CONTENT = "m".repeat(1024);
// Rounds that warm up the compiler and are not counted, and those that are.
const WARM_UP = 4;
const ROUNDS = 15;
// How often a workload is done in one sample.
const COUNTS = { seal: 400, open: 400, "ping-pong": 40, "set-up": 20 };
// What only Cliquet does, for a text to a group, and how often in a round.
const GROUP = ["say", "keep"];
const TEXTS = 5;

class Libolm {
  constructor() {
    this.alice = new Olm.Account();
    this.bob = new Olm.Account();
    this.alice.create();
    this.bob.create();
    this.names = [this.alice, this.bob].map((account) => JSON.parse(account.identity_keys()).curve25519);
    this.underWay = [];
    this.prepared = [];
    this.prepare(1);
    [this.from, this.to] = this.setUpOne(this.prepared.pop());
    this.receive(this.from, this.to.encrypt(CONTENT));
    this.receive(this.to, this.from.encrypt(CONTENT));
  }

  receive(session, message) {
    if (session.decrypt(message.type, message.body).length !== CONTENT.length) throw new Error("libolm");
  }

  setUpOne(oneTime) {
    const [from, to] = [new Olm.Session(), new Olm.Session()];
    from.create_outbound(this.alice, this.names[1], oneTime);
    const first = from.encrypt(CONTENT);
    to.create_inbound_from(this.bob, this.names[0], first.body);
    this.receive(to, first);
    return [from, to];
  }

  seal(count) {
    for (let at = 0; at < count; at++) this.underWay.push(this.from.encrypt(CONTENT));
    return true;
  }

  open() {
    for (const message of this.underWay) this.receive(this.to, message);
    this.underWay = [];
    return true;
  }

  ping_pong(count) {
    for (let at = 0; at < count; at++) {
      this.receive(this.to, this.from.encrypt(CONTENT));
      this.receive(this.from, this.to.encrypt(CONTENT));
    }
    return true;
  }

  prepare(count) {
    this.bob.mark_keys_as_published();
    this.bob.generate_one_time_keys(count);
    this.prepared = Object.values(JSON.parse(this.bob.one_time_keys()).curve25519);
    return this.prepared.length === count;
  }

  set_up() {
    for (const oneTime of this.prepared) this.setUpOne(oneTime).forEach((session) => session.free());
    return true;
  }
}

const STEPS = {
  seal: (bench, count) => bench.seal(count),
  open: (bench) => bench.open(),
  "ping-pong": (bench, count) => bench.ping_pong(count),
  "set-up": (bench) => bench.set_up(),
};

function sample(bench, what) {
  if (what === "set-up" && !bench.prepare(COUNTS[what])) throw new Error(what);
  const begin = performance.now();
  const done = STEPS[what](bench, COUNTS[what]);
  const micros = ((performance.now() - begin) * 1000) / COUNTS[what];
  if (!done) throw new Error(what);
  return micros;
}

function sampleOfGroup(cliquet, what) {
  const begin = performance.now();
  const done = cliquet[what]();
  const micros = (performance.now() - begin) * 1000;
  if (!done) throw new Error(what);
  return micros;
}

async function run() {
  const from = (name) => ({ module_or_path: fetch(name) });
  await Promise.all([startCliquet(from("cliquet_bg.wasm")), startVodozemac(from("vodozemac_bg.wasm")), Olm.init()]);
  const benches = { cliquet: Cliquet.begin(), vodozemac: Vodozemac.begin(), libolm: new Libolm() };
  const samples = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    for (const what of Object.keys(COUNTS)) {
      // Who begins changes, so that nobody always runs in another's shadow.
      const names = Object.keys(benches);
      for (let turn = 0; turn < names.length; turn++) {
        const who = names[(round + turn) % names.length];
        const micros = sample(benches[who], what);
        if (round >= WARM_UP) samples.push({ round, who, what, micros });
      }
    }
    for (let text = 0; text < TEXTS; text++) {
      if (!benches.cliquet.write()) throw new Error("write");
      for (const what of GROUP) {
        const micros = sampleOfGroup(benches.cliquet, what);
        if (round >= WARM_UP) samples.push({ round, who: "cliquet", what, micros });
      }
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
  return { samples, agent: navigator.userAgent };
}

run()
  .catch((error) => ({ error: String(error) }))
  .then((result) => fetch("result", { method: "POST", body: JSON.stringify(result) }))
  .then(() => (document.title = "done"));
