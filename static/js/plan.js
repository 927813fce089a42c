// The timetable of a plan: classes are moved by mouse, finger or keyboard. Without this script the forms do the same.
// Every change goes to the server, which judges it and sends the new timetable; nothing is decided here.

const LIFT_AFTER = 350; // milliseconds a finger rests before a class lifts
const REST_ON_TAB = 400; // milliseconds on a day's tab until that day is shown
const LIFT_AT = 5; // pixels a mouse moves before a class lifts
const EDGE = 60; // pixels from the window's edge at which it scrolls

const plan = () => document.getElementById("plan");
const live = document.getElementById("plan-live");
const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_all, key) => values[key]);
const say = (text) => {
  live.textContent = "";
  requestAnimationFrame(() => (live.textContent = text));
};
const cells = () => [...plan().querySelectorAll("[data-slot]")].filter((cell) => cell.offsetParent);
const blocks = () => [...plan().querySelectorAll(".block")].filter((block) => block.offsetParent);
const name = (block) => block.dataset.name;

// ---- asking the server

function focusOn(found) {
  if (!found) return;
  const panel = found.closest("[data-day-panel]");
  if (panel) showDay(panel.dataset.dayPanel);
  found.focus({ preventScroll: true });
  found.scrollIntoView({ block: "nearest" });
}

let wanted = ""; // where the focus goes once the new timetable is there

function replace(verb, url, values, focus = "") {
  wanted = focus;
  htmx.ajax(verb, url, { source: "#plan", target: "#plan", swap: "outerHTML", values });
}

// Not before it has settled: until then htmx keeps the classes of the timetable that was there.
document.body.addEventListener("htmx:afterSettle", () => {
  const now = plan();
  showDay(day);
  if (now.dataset.said) say(now.dataset.said);
  const next = "[data-group], [data-undo] button";
  focusOn((wanted && now.querySelector(wanted)) || document.getElementById(`b-${now.dataset.focus}`) || now.querySelector(next));
});

const act = (what, values) => replace("POST", `${plan().dataset.act}${what}/`, values);

function put(block, target, people) {
  const { entry, group, seen } = block.dataset;
  if (target === "tray") return entry && act("remove", { entry, seen });
  if (entry) return act("move", { entry, seen, target, people });
  return act("add", { group, target, people });
}

// How many go there if nobody says otherwise: all of an entry; of those without an hour as many as fit.
const usual = (block, cell) => {
  const all = Number(block.dataset.people);
  const free = Number(cell?.dataset.free || 0);
  return block.dataset.entry || !free ? all : Math.min(all, free);
};

// ---- days as tabs

let day = "";

function showDay(wanted) {
  const tabs = [...plan().querySelectorAll("[data-day]")];
  if (!tabs.length) return;
  const days = tabs.map((tab) => tab.dataset.day);
  day = days.includes(wanted) ? wanted : days[0];
  for (const tab of tabs) {
    if (tab.dataset.day === day) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
  for (const panel of plan().querySelectorAll("[data-day-panel]")) {
    panel.classList.toggle("is-away", panel.dataset.dayPanel !== day);
  }
}

function stepDay(step) {
  const days = [...plan().querySelectorAll("[data-day]")].map((tab) => tab.dataset.day);
  const next = days[days.indexOf(day) + step];
  if (next) showDay(next);
  return Boolean(next);
}

// ---- what is carried: by pointer or by keyboard

let carried = null; // { block, cell, people, typed }

function mark(target) {
  for (const old of plan().querySelectorAll(".is-target")) old.classList.remove("is-target", "is-full");
  if (!target) return;
  target.classList.add("is-target");
  if (target.dataset.slot && Number(target.dataset.free) < carried.people) target.classList.add("is-full");
}

function lift(block) {
  carried = { block, cell: block.closest("[data-slot]"), people: Number(block.dataset.people), typed: "" };
  block.classList.add("is-lifted");
  plan().classList.add("is-carrying");
}

function letGo() {
  carried?.block.classList.remove("is-lifted");
  plan().classList.remove("is-carrying");
  mark(null);
  carried = null;
}

// ---- pointer

let press = null; // { block, x, y, id, touch, timer, ghost, tab, turn }
let clickBelongsToDrag = false;

function startDrag() {
  lift(press.block);
  press.ghost = press.block.cloneNode(true);
  press.ghost.removeAttribute("id");
  press.ghost.classList.remove("is-lifted");
  press.ghost.classList.add("block-ghost");
  document.body.append(press.ghost);
  if (press.touch) navigator.vibrate?.(15);
  drag(press.x, press.y);
}

// Whoever rests on a day's tab goes there; whoever only passes over it does not.
function restOn(tab) {
  if (tab === press.tab) return;
  clearTimeout(press.turn);
  press.tab = tab;
  if (tab) press.turn = setTimeout(() => showDay(tab.dataset.day), REST_ON_TAB);
}

function drag(x, y) {
  // An animation that is over at once: the page's rules forbid styles in elements.
  press.ghost.animate({ transform: [`translate(${x + 8}px, ${y + 8}px)`] }, { duration: 0, fill: "forwards" });
  const under = document.elementFromPoint(x, y);
  restOn(under?.closest("[data-day]"));
  const target = under?.closest("[data-slot]") || (carried.block.dataset.entry && under?.closest("[data-tray-drop]"));
  carried.cell = target || null;
  carried.people = usual(carried.block, target);
  mark(target);
  if (y < EDGE) scrollBy(0, -12);
  if (y > innerHeight - EDGE) scrollBy(0, 12);
}

function endPress(drop) {
  if (!press) return;
  clearTimeout(press.timer);
  clearTimeout(press.turn);
  const { ghost, block } = press;
  press = null;
  if (!ghost) return;
  ghost.remove();
  clickBelongsToDrag = true;
  setTimeout(() => (clickBelongsToDrag = false), 0);
  const { cell, people } = carried;
  const from = block.closest("[data-slot]");
  letGo();
  if (drop && cell && cell !== from) put(block, cell.dataset.slot || "tray", people);
}

document.addEventListener("pointerdown", (event) => {
  const block = event.target.closest?.("[data-act] [data-entry], [data-act] [data-group]");
  if (!block || event.button !== 0 || carried) return;
  const touch = event.pointerType !== "mouse";
  press = { block, x: event.clientX, y: event.clientY, id: event.pointerId, touch };
  if (touch) press.timer = setTimeout(startDrag, LIFT_AFTER);
});
document.addEventListener("pointermove", (event) => {
  if (!press || event.pointerId !== press.id) return;
  const far = Math.hypot(event.clientX - press.x, event.clientY - press.y) > LIFT_AT;
  if (press.ghost) drag(event.clientX, event.clientY);
  else if (far && press.touch) endPress(false); // the finger scrolls
  else if (far) {
    press.x = event.clientX;
    press.y = event.clientY;
    startDrag();
  }
});
document.addEventListener("pointerup", () => endPress(true));
document.addEventListener("pointercancel", () => endPress(false));
// A lifted class moves with the finger; the page does not.
document.addEventListener("touchmove", (event) => press?.ghost && event.preventDefault(), { passive: false });
document.addEventListener("contextmenu", (event) => press?.touch && event.preventDefault());

// ---- forms and links inside the timetable stay on the page

document.addEventListener("click", (event) => {
  const link = event.target.closest("#plan a");
  if (!link) return;
  if (clickBelongsToDrag) {
    event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const { day: tab, open } = link.dataset;
  if (tab) {
    event.preventDefault();
    showDay(tab);
  } else if (open || "close" in link.dataset) {
    event.preventDefault();
    const back = plan().querySelector(".block.is-current")?.id;
    const url = open ? `${plan().dataset.url}?entry=${open}` : plan().dataset.url;
    replace("GET", url, {}, open ? "#entry-title" : `#${back}`);
  }
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("#plan form[data-live]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  replace("POST", form.getAttribute("action"), Object.fromEntries(new FormData(form)));
}, true);

// ---- keyboard

const middle = (element) => {
  const box = element.getBoundingClientRect();
  return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
};

// The nearest of `all` from `start` in the direction of the key; straight ahead counts more than aside.
function beside(start, all, key) {
  const from = middle(start);
  const flat = key === "ArrowLeft" || key === "ArrowRight";
  const sign = key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1;
  let best = null;
  for (const other of all) {
    const at = middle(other);
    const ahead = sign * (flat ? at.x - from.x : at.y - from.y);
    const aside = Math.abs(flat ? at.y - from.y : at.x - from.x);
    if (other === start || ahead < 4 || (flat && aside > 24 && other.dataset.slot)) continue;
    const score = ahead + 3 * aside;
    if (!best || score < best.score) best = { other, score };
  }
  return best?.other;
}

function tell() {
  const { cell, block, typed, people } = carried;
  const texts = plan().dataset;
  const where = cell ? fill(texts.over, { place: cell.dataset.place, free: cell.dataset.free }) : texts.tray;
  const count = typed ? `, ${fill(texts.count, { people, all: block.dataset.people })}` : "";
  say(where + count);
}

function carryTo(cell) {
  if (!cell) return;
  carried.cell = cell;
  if (!carried.typed) carried.people = usual(carried.block, cell);
  mark(cell);
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  tell();
}

function typeCount(key) {
  const typed = key === "Backspace" ? carried.typed.slice(0, -1) : carried.typed + key;
  const most = Number(carried.block.dataset.people);
  carried.typed = Number(typed) > most ? key : typed;
  carried.people = Number(carried.typed) || usual(carried.block, carried.cell);
  mark(carried.cell);
  tell();
}

function carryKey(event) {
  const { key } = event;
  if (key.startsWith("Arrow")) carryTo(beside(carried.cell || carried.block, cells(), key) || (carried.cell ? null : cells()[0]));
  else if (key === "PageUp" || key === "PageDown") {
    if (stepDay(key === "PageDown" ? 1 : -1)) carryTo(cells()[0]);
  } else if (/^[0-9]$/.test(key) || key === "Backspace") typeCount(key);
  else if (key === "Enter" || key === " ") {
    const { block, cell, people } = carried;
    letGo();
    if (cell && cell !== block.closest("[data-slot]")) put(block, cell.dataset.slot, people);
    else say(fill(plan().dataset.cancelled, { name: name(block) }));
  } else if (key === "Escape" || key === "Tab") {
    const { block } = carried;
    letGo();
    showDay(block.closest("[data-day-panel]")?.dataset.dayPanel || day);
    if (key === "Escape") focusOn(block);
    say(fill(plan().dataset.cancelled, { name: name(block) }));
    if (key === "Tab") return;
  } else return;
  event.preventDefault();
}

function blockKey(event, block) {
  const { key } = event;
  const { entry, seen, locked } = block.dataset;
  if (key.startsWith("Arrow")) focusOn(beside(block, blocks(), key));
  else if (key === " " && name(block)) {
    lift(block);
    mark(carried.cell);
    say(fill(plan().dataset.picked, { name: name(block), people: block.dataset.people }));
  } else if (key === "Delete" && entry) act("remove", { entry, seen });
  else if (key.toLowerCase() === "l" && entry) act(locked === "1" ? "unlock" : "lock", { entry, seen });
  else return;
  event.preventDefault();
}

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]") || event.isComposing) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !event.target.matches("input, textarea")) {
    const form = plan().querySelector("form[data-undo]");
    if (form) {
      event.preventDefault();
      form.requestSubmit();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const block = event.target.closest?.("#plan .block");
  if (carried && !press) carryKey(event);
  else if (block && !press) blockKey(event, block);
  else if (press?.ghost && event.key === "Escape") endPress(false);
});
document.addEventListener("focusout", (event) => {
  if (carried && !press && event.target === carried.block && event.relatedTarget) letGo();
});

showDay(location.hash.replace("#day-", ""));
