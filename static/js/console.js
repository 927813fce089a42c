// The console of a shoot: whatever a scanner or a keyboard types goes into the one field, wherever the focus is.

function field() {
  return document.getElementById("desk-q");
}

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (target.matches("input, textarea, select") || document.querySelector("dialog[open]")) return;
  // Enter and the space bar stay with the button that has the focus; letters and digits begin a new search.
  if (event.key.length !== 1 || event.key === " ") return;
  const input = field();
  if (!input) return;
  input.value = "";
  input.focus();
});

// After each step the next one has the focus, so that Enter alone goes on; at the end the field has it.
document.body.addEventListener("htmx:afterSettle", () => {
  const next = document.querySelector("#console [data-next]") || field();
  if (next && !document.querySelector("dialog[open]")) next.focus();
});
