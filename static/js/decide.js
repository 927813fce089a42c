// Refusing needs a reason: asked for before anything is sent, so that no tick is lost. Enter in the note refuses; without
// this it would press the form's first button, which accepts.
for (const refuse of document.querySelectorAll("[data-needs-reason]")) {
  const code = refuse.form.elements.code;
  const note = refuse.form.elements.note;
  const forget = () => [code, note].forEach((field) => field.setCustomValidity(""));
  code.addEventListener("input", forget);
  note.addEventListener("input", forget);
  note.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    refuse.click();
  });
  refuse.form.addEventListener("click", (event) => {
    if (event.target.closest("button") === refuse) {
      code.setCustomValidity(code.value ? "" : refuse.dataset.needsReason);
      // The unit's “another reason” says nothing by itself.
      const lacksNote = refuse.value === "refuse" && code.value === "other" && !note.value.trim();
      note.setCustomValidity(lacksNote ? refuse.dataset.needsReason : "");
    } else {
      forget();
    }
  });
}
