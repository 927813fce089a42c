// Remembers in this browser whether the standard's zones and the measures lie over the pictures; CSS does the showing.
// In the contact sheet the key M switches them too.
const box = document.querySelector("[data-measures]");
const NAME = "measures";

function remembered() {
  try {
    return localStorage.getItem(NAME) === "on";
  } catch {
    return false; // storage may be switched off; then nothing is remembered
  }
}

function remember(on) {
  try {
    localStorage.setItem(NAME, on ? "on" : "off");
  } catch {
    // as above
  }
}

if (box) {
  box.checked = remembered();
  box.addEventListener("change", () => remember(box.checked));
  addEventListener("pageshow", () => (box.checked = remembered()));
  document.querySelector("[data-grid-keys]")?.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "m" || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    box.checked = !box.checked;
    remember(box.checked);
  });
}
