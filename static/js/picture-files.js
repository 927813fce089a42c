// Which files somebody chose or dropped, folders included, without what systems leave beside pictures.

const LITTER = new Set(["thumbs.db", "desktop.ini"]);
const LONGEST = 255;

const isLitter = (path) => {
  const name = path.split("/").pop().toLowerCase();
  return name.startsWith(".") || LITTER.has(name) || path.includes("__MACOSX");
};

export const named = (file, path = file.webkitRelativePath || file.name) => ({ file, name: path.slice(-LONGEST) });

const entryFiles = async (entry, found) => {
  if (entry.isFile) {
    const file = await new Promise((done, fail) => entry.file(done, fail));
    found.push(named(file, entry.fullPath.replace(/^\//, "")));
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    // A folder is read in portions; an empty one ends it.
    const entries = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (!entries.length) return;
    for (const inner of entries) await entryFiles(inner, found);
  }
};

export const worthSending = (found) =>
  found
    .filter((item) => !isLitter(item.name))
    .sort((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }));

export const droppedFiles = async (transfer) => {
  // Entries must all be taken before the first wait: afterwards the transfer is empty.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return worthSending([...transfer.files].map((file) => named(file)));
  const found = [];
  for (const entry of entries) await entryFiles(entry, found);
  return worthSending(found);
};
