// Arrow keys move between the tick boxes of a grid of pictures; the space bar ticks as everywhere.
for (const grid of document.querySelectorAll("[data-grid-keys]")) {
  grid.addEventListener("keydown", (event) => {
    const boxes = [...grid.querySelectorAll("input[type=checkbox]:not(:disabled)")];
    const at = boxes.indexOf(document.activeElement);
    if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const top = (box) => Math.round(box.closest(".shot").getBoundingClientRect().top);
    const columns = Math.max(1, boxes.filter((box) => top(box) === top(boxes[0])).length);
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
    const step = steps[event.key];
    if (!step) return;
    const next = boxes[at + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.closest(".shot").scrollIntoView({ block: "nearest" });
  });
}
