// Small helpers for every page. Everything works without them, only less comfortably.

const root = document.documentElement;

function startTheme() {
  const button = document.querySelector("[data-theme-toggle]");
  if (!button) return;
  const dark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const show = () => button.setAttribute("aria-pressed", String(dark()));
  button.hidden = false;
  show();
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    const secure = location.protocol === "https:" ? ";secure" : "";
    document.cookie = `theme=${root.dataset.theme};path=/;max-age=31536000;samesite=lax${secure}`;
    show();
  });
}

function closeMenusFromOutside() {
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

function openDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog-open]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.dialogOpen);
      if (dialog) {
        event.preventDefault();
        dialog.showModal();
      }
    }
    const closer = event.target.closest("[data-dialog-close]");
    if (closer) {
      event.preventDefault();
      closer.closest("dialog").close();
    }
  });
}

// <form data-confirm="Question"> or <button data-confirm="Question">: ask before sending.
function askBeforeSending() {
  const dialog = document.getElementById("confirm");
  if (!dialog) return;
  const question = dialog.querySelector("[data-confirm-text]");
  const yes = dialog.querySelector("[data-confirm-yes]");
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      const text = event.submitter?.dataset.confirm || form.dataset.confirm;
      if (!text || form.dataset.confirmed) {
        delete form.dataset.confirmed;
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
      const submitter = event.submitter;
      question.textContent = text;
      yes.textContent = submitter?.textContent.trim() || yes.dataset.confirmYes;
      yes.onclick = () => {
        dialog.close();
        form.dataset.confirmed = "yes";
        form.requestSubmit(submitter);
      };
      dialog.showModal();
    },
    true,
  );
}

// A second click must not send a form twice. Downloads say data-repeatable.
function sendOnce() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.matches("[data-repeatable], [hx-post]")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
    }
  });
}

// <select data-submit> and checkboxes data-submit send their form when changed.
function sendOnChange() {
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
    if (event.target.matches("[data-check-all]")) {
      for (const box of document.querySelectorAll(`input[name="${event.target.dataset.checkAll}"]`)) {
        if (!box.disabled) box.checked = event.target.checked;
      }
    }
  });
}

function dropFiles() {
  for (const target of document.querySelectorAll(".drop")) {
    const input = target.querySelector('input[type="file"]');
    if (!input) continue;
    for (const name of ["dragenter", "dragover"]) {
      target.addEventListener(name, (event) => {
        event.preventDefault();
        target.classList.add("is-over");
      });
    }
    for (const name of ["dragleave", "drop"]) target.addEventListener(name, () => target.classList.remove("is-over"));
    target.addEventListener("drop", (event) => {
      event.preventDefault();
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
}

function printButtons() {
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
}

// A row of tabs or steps that is wider than the window shows where one stands.
function showCurrent() {
  for (const row of document.querySelectorAll(".tabs, .steps")) {
    const here = row.querySelector("[aria-current]");
    if (here) row.scrollLeft = here.offsetLeft - row.offsetLeft - (row.clientWidth - here.offsetWidth) / 2;
  }
}

function reportHtmxErrors() {
  const place = document.getElementById("live-error");
  if (!place) return;
  const show = () => (place.hidden = false);
  const hide = () => (place.hidden = true);
  document.body.addEventListener("htmx:sendError", show);
  document.body.addEventListener("htmx:responseError", show);
  document.body.addEventListener("htmx:afterOnLoad", hide);
}

startTheme();
closeMenusFromOutside();
openDialogs();
askBeforeSending();
sendOnce();
sendOnChange();
dropFiles();
printButtons();
showCurrent();
reportHtmxErrors();
