// Sends pictures one by one, three at a time, with progress; without this script the form sends them all at once.
const form = document.querySelector("[data-picture-upload]");
if (form) {
  const texts = form.querySelector("[data-texts]").dataset;
  const box = form.querySelector("[data-progress]");
  const line = form.querySelector("[data-progress-text]");
  const bar = form.querySelector("progress");
  const errors = form.querySelector("[data-errors]");
  const input = form.querySelector("input[type=file]");
  const button = form.querySelector(".actions .button-primary");
  const headers = { Accept: "application/json", "X-CSRFToken": form.querySelector("[name=csrfmiddlewaretoken]").value };
  const AT_ONCE = 3;
  let stopped = false;

  const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_all, key) => values[key]);

  const post = async (url, body) => {
    const answer = await fetch(url, { method: "POST", body, headers, credentials: "same-origin" });
    const data = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(data.error || texts.broken);
    return data;
  };

  const complain = (name, error) => {
    const item = document.createElement("li");
    const why = error instanceof TypeError ? texts.broken : error.message;
    item.textContent = fill(texts.failed, { name, why });
    errors.append(item);
  };

  const sendOne = async (url, file) => {
    for (let attempt = 1; ; attempt += 1) {
      const body = new FormData();
      body.append("file", file);
      try {
        return await post(url, body);
      } catch (error) {
        // Only a broken connection is worth another attempt; a refusal stays one.
        if (!(error instanceof TypeError) || attempt === 3 || stopped) throw error;
        await new Promise((done) => setTimeout(done, 1000 * attempt));
      }
    }
  };

  form.querySelector("[data-stop]").addEventListener("click", () => { stopped = true; });

  form.addEventListener("submit", async (event) => {
    const files = [...input.files];
    if (!files.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    stopped = false;
    errors.replaceChildren();
    box.hidden = false;
    button.disabled = true;
    const options = new FormData(form);
    options.delete("files");
    let done = 0;
    let arrived = 0;
    const show = () => {
      line.textContent = fill(texts.sending, { done, total: files.length });
      bar.value = (100 * done) / files.length;
    };
    try {
      const urls = await post(form.action, options);
      const queue = [...files];
      show();
      const lane = async () => {
        while (queue.length && !stopped) {
          const file = queue.shift();
          try {
            await sendOne(urls.files, file);
            arrived += 1;
          } catch (error) {
            complain(file.name, error);
          }
          done += 1;
          show();
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, lane));
      if (stopped) line.textContent = fill(texts.stopped, { done, total: files.length });
      if (!arrived) return;
      const next = await post(urls.start, new FormData());
      if (!errors.children.length) window.location.assign(next.next);
    } catch (error) {
      complain("", error);
    } finally {
      button.disabled = false;
    }
  }, true);
}
