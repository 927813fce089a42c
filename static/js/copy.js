// <button data-copy="id of a textarea" hidden>: copies its text. Without this script the text can be selected as it is.

for (const button of document.querySelectorAll("[data-copy]")) {
  const text = document.getElementById(button.dataset.copy);
  if (!text) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    text.focus();
    text.select();
    let copied = false;
    try {
      await navigator.clipboard.writeText(text.value);
      copied = true;
    } catch {
      // No permission, or no secure connection: the older way still works on a selection.
      copied = document.execCommand("copy");
    }
    const said = button.closest(".card-body")?.querySelector("[data-copied]");
    if (said) said.hidden = !copied;
  });
}

for (const text of document.querySelectorAll("textarea.copy-text")) {
  text.addEventListener("focus", () => text.select());
}
