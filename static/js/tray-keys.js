// The tray by keyboard: what carries data-key is pressed, followed or focused by that key. The buttons say which.
let done = false; // one key, one act: the page that comes next has keys of its own
addEventListener("pageshow", () => (done = false));

function isTyping(target) {
  return target.closest?.("input, textarea, select, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
  if (document.querySelector("dialog[open]")) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const found = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key.split(" ").includes(event.key));
  if (!found || done) return;
  event.preventDefault();
  if (found.matches("input")) {
    found.focus();
    found.select();
    return;
  }
  // A question may still be answered with no; only then more keys are wanted on this page.
  done = !found.closest("form[data-confirm]");
  found.click();
});
