// Sends pictures one by one, three at a time: hashed, asked for, sent, with progress, pause and as many attempts as the
// network needs. What the portal has already is not sent again, also after the page was closed in the middle: the same
// folder is simply chosen again. Large files go up in pieces, so that this holds for each piece of an archive, too.
// Without this script the form sends its files all at once.

import { droppedFiles, named, worthSending } from "./picture-files.js";
import { sha256, sha256Over } from "./sha256.js";

const AT_ONCE = 3;
const ASKED_AT_ONCE = 50;
const LONGEST_WAIT = 30_000;
const SERVER_TRIES = 5;

class Refused extends Error {}

const form = document.querySelector("[data-picture-upload]");
if (form) start();

function start() {
  const find = (name) => form.querySelector(`:not(template)[data-${name}]`);
  const texts = form.querySelector("template[data-texts]").dataset;
  // Who logs in again in another tab gets a new token; the one in the form is then of no use any more.
  const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? form.elements.csrfmiddlewaretoken.value;
  const headers = () => ({ Accept: "application/json", "X-CSRFToken": token() });
  const input = form.querySelector("#files");
  const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_all, key) => values[key]);
  const percent = (share) => `${Math.floor(100 * share)}%`;
  const size = (bytes) => bytes < 2 ** 20 ? `${Math.ceil(bytes / 2 ** 10)} KB` : `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MB`;

  let chosen = [];
  let run = null;

  // What was chosen

  const choose = (found) => {
    if (run && !run.failed) return;
    if (run) { run = null; state("idle"); }
    chosen = found;
    input.required = false;
    find("chosen").textContent = found.length
      ? fill(texts.chosen, { n: found.length, size: size(found.reduce((sum, item) => sum + item.file.size, 0)) })
      : texts.nothing;
  };
  input.addEventListener("change", () => choose(worthSending([...input.files].map((file) => named(file)))));
  const folder = find("folder");
  find("choose-folder").hidden = false;
  find("choose-folder").addEventListener("click", () => folder.click());
  folder.addEventListener("change", () => choose(worthSending([...folder.files].map((file) => named(file)))));
  form.addEventListener("drop", async (event) => {
    // Before the page's own helper, which knows no folders.
    event.preventDefault();
    event.stopPropagation();
    form.querySelector(".drop").classList.remove("is-over");
    choose(await droppedFiles(event.dataTransfer));
  }, true);

  // Talking to the portal

  const sleepers = new Set();
  addEventListener("online", () => sleepers.forEach((done) => done()));
  const wait = (attempt) =>
    new Promise((wake) => {
      const done = () => { sleepers.delete(done); clearTimeout(timer); wake(); };
      const timer = setTimeout(done, Math.min(LONGEST_WAIT, 1000 * 2 ** Math.min(attempt - 1, 5)));
      sleepers.add(done);
    });

  const understood = (status, text) => {
    let data = null;
    try { data = JSON.parse(text); } catch { /* a page, not an answer: the log-in, or a proxy's error */ }
    if (status >= 200 && status < 300 && data) return data;
    if (status === 409 || status >= 500) throw Object.assign(new Error(data?.error || texts.broken), { status });
    throw new Refused(data?.error || texts.login);
  };

  // Broken connections are worth any number of attempts, the portal's own errors a few, a refusal none.
  const patiently = async (attempt_once) => {
    for (let attempt = 1, failed = 0; ; attempt += 1) {
      try {
        const result = await attempt_once(attempt);
        run.broken = false;
        return result;
      } catch (error) {
        if (error.status) failed += 1;
        if (error instanceof Refused || failed >= SERVER_TRIES) throw error;
        run.broken = true;
        show();
        await wait(attempt);
      }
    }
  };

  const post = (url, body, more = {}) =>
    patiently(async () => {
      const answer = await fetch(url, { method: "POST", body, headers: { ...headers(), ...more }, credentials: "same-origin" });
      return understood(answer.status, await answer.text());
    });

  // The whole file, or one piece of it.
  const put = (item, number) =>
    new Promise((done, fail) => {
      const request = new XMLHttpRequest();
      const step = run.urls.piece_bytes;
      const part = number === null ? item.file : item.file.slice(number * step, (number + 1) * step);
      request.open("POST", number === null ? run.urls.files : run.urls.pieces);
      const more = { "X-File-Name": encodeURIComponent(item.name), "X-File-Sha256": item.hash };
      if (number !== null) {
        Object.assign(more, { "X-File-Size": item.file.size, "X-Piece-Number": number, "X-Piece-Sha256": item.pieces[number] });
      }
      for (const [name, value] of Object.entries({ ...headers(), ...more })) request.setRequestHeader(name, value);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.upload.onprogress = (event) => { item.flying.set(number, Math.min(event.loaded, part.size)); show(); };
      request.onerror = request.ontimeout = () => fail(new TypeError(texts.broken));
      request.onabort = () => fail(new Refused(texts.broken));
      request.onload = () => {
        try { done(understood(request.status, request.responseText)); } catch (error) { fail(error); }
      };
      request.onloadend = () => item.requests.delete(request);
      item.requests.add(request);
      request.send(part);
    });

  // One run: hashes are made and asked for ahead of the lanes that send

  const isOver = (item) => ["done", "known", "failed"].includes(item.state);

  const settle = (item, state, why = "") => {
    if (isOver(item)) return;
    item.state = state;
    item.sent = item.file.size;
    for (const request of item.requests) request.abort();
    run.count[state] += 1;
    if (state === "failed" || why) complain(item, state, why);
    show();
  };

  const complain = (item, state, why) => {
    const line = document.createElement("li");
    line.className = state === "failed" ? "is-bad" : "";
    line.textContent = item.name ? fill(state === "failed" ? texts.failed : texts.noted, { name: item.name, why }) : why;
    find("errors").append(line);
  };

  const note = (text) => {
    const line = document.createElement("li");
    line.textContent = text;
    find("errors").append(line);
  };

  const offered = (items) =>
    JSON.stringify({ files: items.map((item) => ({ name: item.name, sha256: item.hash, size: item.file.size })) });

  const ask = async (items) => {
    if (!items.length) return;
    const { known, there } = await post(run.urls.offer, offered(items), { "Content-Type": "application/json" });
    for (const item of items) {
      const arrived = known[item.hash];
      if (arrived) settle(item, "known", arrived.renamed ? texts.renamed : "");
      else if (item.pieces) lineUp(item, new Set(there[item.hash]));
      else run.queue.push({ item, number: null });
    }
    run.changed();
  };

  const pieceSize = (item, number) => Math.min(run.urls.piece_bytes, item.file.size - number * run.urls.piece_bytes);

  // The pieces that are not there yet.
  const lineUp = (item, there) => {
    for (const number of there) item.sent += pieceSize(item, number);
    if (there.size) {
      item.from = percent(item.sent / item.file.size);
      note(fill(texts.continues, { name: item.name, percent: item.from }));
    }
    for (const number of item.pieces.keys()) if (!there.has(number)) run.queue.push({ item, number });
  };

  // A small file is known by its bytes, a large one by the hashes of its pieces: no browser can hash gigabytes otherwise.
  const identify = async (item) => {
    const step = run.urls.piece_bytes;
    if (item.hash) return;
    if (item.file.size <= step) {
      item.hash = await sha256(item.file);
      return;
    }
    const pieces = [];
    run.reading = item;
    try {
      for (let start = 0; start < item.file.size; start += step) {
        item.read = start;
        show();
        pieces.push(await sha256(item.file.slice(start, start + step)));
      }
      item.pieces = pieces;
      item.hash = await sha256Over(pieces);
    } finally {
      run.reading = null;
    }
  };

  const prepare = async (items) => {
    let block = [];
    let asked = 0;
    for (const item of items) {
      if (item.file.size > run.urls.piece_bytes) {
        await ask(block.splice(0)); // reading it takes its time
        asked = performance.now();
      }
      try {
        await identify(item);
      } catch {
        settle(item, "failed", texts.unreadable);
        continue;
      }
      const twin = run.seen.get(item.hash);
      if (twin && twin !== item) {
        settle(item, "known", fill(texts.twin, { name: twin.name }));
        continue;
      }
      run.seen.set(item.hash, item);
      block.push(item);
      const idle = run.queue.length < AT_ONCE && performance.now() - asked > 300;
      if (block.length >= ASKED_AT_ONCE || idle) {
        await ask(block);
        block = [];
        asked = performance.now();
      }
    }
    await ask(block);
    run.prepared = true;
    run.changed();
  };

  const next = async (mine) => {
    for (;;) {
      if (mine !== run) return null;
      if (!run.paused && run.queue.length) return run.queue.shift();
      if (run.prepared && !run.queue.length) return null;
      await new Promise((done) => run.waiting.push(done));
    }
  };

  const lane = async (mine) => {
    for (let part = await next(mine); part; part = await next(mine)) {
      const { item, number } = part;
      if (isOver(item)) continue;
      run.sending.add(item);
      item.flying.set(number, 0);
      show();
      try {
        const isWhole = await patiently(async (attempt) => {
          item.flying.set(number, 0);
          if (isOver(item)) return true;
          // Perhaps everything arrived and only the answer was lost.
          const there = attempt > 1 ? await whatIsThere(item) : { pieces: [] };
          if (there.known) return true;
          if (there.pieces.includes(number)) return false;
          const answer = await put(item, number);
          return number === null || answer.there === answer.in_all;
        });
        if (isWhole) settle(item, "done");
        else if (!isOver(item)) item.sent += pieceSize(item, number);
      } catch (error) {
        settle(item, "failed", error.message);
      } finally {
        item.flying.delete(number);
        if (!item.flying.size) mine.sending.delete(item);
        show();
      }
    }
  };

  const whatIsThere = async (item) => {
    const answer = await fetch(run.urls.offer, {
      method: "POST",
      body: offered([item]),
      headers: { ...headers(), "Content-Type": "application/json" },
      credentials: "same-origin",
    });
    const { known, there } = understood(answer.status, await answer.text());
    return { known: item.hash in known, pieces: there[item.hash] ?? [] };
  };

  const send = async (items) => {
    const options = new FormData(form);
    options.delete("files");
    options.delete("folder");
    options.delete("csrfmiddlewaretoken"); // it would count before the header
    run = {
      items, total: items.reduce((sum, item) => sum + item.file.size, 0), queue: [], waiting: [], seen: new Map(),
      sending: new Set(), count: { done: 0, known: 0, failed: 0 }, prepared: false, paused: false, broken: false, reading: null,
      changed() { for (const done of this.waiting.splice(0)) done(); },
    };
    for (const item of items) Object.assign(item, { state: "", sent: 0, from: "", flying: new Map(), requests: new Set() });
    find("errors").replaceChildren();
    state("running");
    try {
      run.urls = await post(form.action, options);
      await Promise.all([prepare(items), ...Array.from({ length: AT_ONCE }, () => lane(run))]);
      show(true);
      if (!run.count.failed) await read();
      else state("failed");
    } catch (error) {
      complain({ name: "" }, "failed", error.message);
      state("failed");
    }
  };

  const read = async () => {
    const { next: address } = await post(run.urls.start, "");
    run.over = true;
    location.assign(address);
  };

  // What is shown

  const state = (name) => {
    find("progress").hidden = name === "idle";
    find("pause").hidden = name !== "running";
    // What it says is under way now.
    for (const note of document.querySelectorAll("[data-unfinished]")) note.hidden = name === "running";
    find("again").hidden = find("read").hidden = name !== "failed" || !run?.urls;
    form.querySelector(".actions").hidden = name === "running" || name === "failed";
    if (run) run.failed = name === "failed";
    if (name === "running") find("pause").textContent = texts.pause;
    if (name === "failed" && !run?.urls) { run = null; form.querySelector(".actions").hidden = false; }
  };

  let drawn = 0;
  const show = (now = false) => {
    if (!run) return;
    clearTimeout(drawn);
    const draw = () => {
      const { done, known } = run.count;
      const sent = run.items.reduce((sum, item) => sum + sentOf(item), 0);
      find("bar").value = run.total ? (100 * sent) / run.total : 100;
      const values = { done: done + known, total: run.items.length, known, sent: size(sent), size: size(run.total) };
      find("progress-text").textContent = fill(run.paused ? texts.paused : run.broken ? texts.waiting : texts.sending, values);
      find("bytes").textContent = fill(texts.bytes, values);
      const rows = [...run.sending].map((item) => laneRow(item, item.from ? texts.from : "%(name)s", sentOf(item)));
      if (run.reading) rows.push(laneRow(run.reading, texts.reading, run.reading.read));
      find("lanes").replaceChildren(...rows);
      show.last = performance.now();
    };
    if (now || performance.now() - (show.last || 0) > 250) draw();
    else drawn = setTimeout(draw, 250);
  };

  // What has arrived for certain, and what is on its way.
  const sentOf = (item) => {
    if (isOver(item)) return item.file.size;
    return [...item.flying.values()].reduce((sum, bytes) => sum + bytes, item.sent);
  };

  const laneRow = (item, text, bytes) => {
    const row = document.createElement("li");
    const label = document.createElement("span");
    label.textContent = fill(text, { name: item.name, percent: item.from });
    const bar = document.createElement("progress");
    bar.max = Math.max(1, item.file.size);
    bar.value = bytes;
    bar.setAttribute("aria-label", label.textContent);
    row.append(label, bar);
    return row;
  };

  find("pause").addEventListener("click", () => {
    run.paused = !run.paused;
    find("pause").textContent = run.paused ? texts.goOn : texts.pause;
    run.changed();
    show(true);
  });
  find("again").addEventListener("click", () => send(run.items));
  find("read").addEventListener("click", () => read().catch((error) => complain({ name: "" }, "failed", error.message)));
  addEventListener("beforeunload", (event) => {
    if (run && !run.over && run.sending.size) event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    const files = chosen.length ? chosen : worthSending([...input.files].map((file) => named(file)));
    event.preventDefault();
    event.stopImmediatePropagation();
    if (files.length) send(files);
    else choose([]);
  }, true);
}
