"""Message catalogues without a system gettext: collecting by Babel, reading templates by Django's own lexer."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation import templatize

APPS = ("photocampus", "units", "students", "sessions")
LANGUAGE = "zh_Hans"
COPYRIGHT = "photocampus contributors"
PYTHON_KEYWORDS: Mapping[str, Any] = {
    name + lazy: spec
    for name, spec in {
        "gettext": None,
        "ngettext": (1, 2),
        "pgettext": ((1, "c"), 2),
        "npgettext": ((1, "c"), 2, 3),
    }.items()
    for lazy in ("", "_lazy")
} | {"_": None, "gettext_noop": None}
TEMPLATE_CALL = re.compile(r"(?<!\w)(_|n?p?gettext)\(")

MessageId = str | tuple[str, str]


def catalogue_path(base: Path, language: str = LANGUAGE) -> Path:
    return base / "photocampus" / "locale" / language / "LC_MESSAGES" / "django.po"


def python_files(base: Path) -> Iterator[Path]:
    for app in APPS:
        yield from sorted(path for path in (base / app).rglob("*.py") if "migrations" not in path.parts)


def template_files(base: Path) -> Iterator[Path]:
    yield from sorted(
        path for path in (base / "templates").rglob("*") if path.suffix in {".html", ".txt", ".svg"}
    )


def collect(base: Path) -> Catalog:
    """Every sentence of the sources and templates below `base` that is marked for translation."""
    catalog = Catalog(locale=LANGUAGE, fuzzy=False)
    for path in python_files(base):
        where = path.relative_to(base).as_posix()
        for _line, message, comments, context in extract_from_file(
            "python", path, keywords=PYTHON_KEYWORDS, comment_tags=["Translators:"], strip_comment_tags=True
        ):
            catalog.add(message, locations=[(where, 0)], auto_comments=comments, context=context)
    for path in template_files(base):
        where = path.relative_to(base).as_posix()
        for message, context in template_messages(path.read_text(encoding="utf-8"), where):
            catalog.add(message, locations=[(where, 0)], context=context)
    return catalog


def template_messages(source: str, origin: str) -> Iterator[tuple[MessageId, str | None]]:
    """The sentences of one template with their contexts, in order.

    Django turns a template into lines with calls of gettext between filling; each call is valid Python.
    """
    for line in templatize(source, origin=origin).splitlines():
        for match in TEMPLATE_CALL.finditer(line):
            call = read_call(line, match.start())
            texts = [
                arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            ]
            name = match.group(1)
            context = texts.pop(0) if "pg" in name else None
            yield ((texts[0], texts[1]) if name.startswith("n") else texts[0]), context


def read_call(line: str, start: int) -> ast.Call:
    """The call that begins at `start`: the shortest text up to a closing bracket that Python can read."""
    for end in (match.end() for match in re.finditer(r"\)", line[start:])):
        try:
            tree = ast.parse(line[start : start + end], mode="eval")
        except SyntaxError:
            continue
        if isinstance(tree.body, ast.Call):
            return tree.body
    raise ValueError(f"cannot read the translation call in {line.strip()!r}")


def read_catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=LANGUAGE)


def messages_of(catalog: Catalog) -> Iterator[Message]:
    """The messages without the header."""
    return (message for message in catalog if message.id)


def update_catalogue(base: Path) -> Catalog:
    """Bring the catalogue up to the sources: new sentences come in empty, old ones go. Harmless when repeated."""
    path = catalogue_path(base)
    found = collect(base)
    if path.exists():
        known = {
            (message.id, message.context): message.string for message in messages_of(read_catalogue(path))
        }
        for message in messages_of(found):
            message.string = known.get((message.id, message.context), message.string)
    write_catalogue(found, path)
    return found


def write_catalogue(catalog: Catalog, path: Path) -> None:
    """Sorted and without dates or line numbers, so that it changes only when a sentence does."""
    catalog.header_comment = (
        f"# Simplified Chinese sentences of photocampus.\n# Copyright {COPYRIGHT}, MIT licence."
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        write_po(file, catalog, width=110, sort_output=True, omit_header=True, include_lineno=False)
    header = "\n".join(
        [
            catalog.header_comment,
            'msgid ""',
            'msgstr ""',
            '"Project-Id-Version: photocampus\\n"',
            f'"Language: {LANGUAGE}\\n"',
            f'"Plural-Forms: {catalog.plural_forms}\\n"',
            '"MIME-Version: 1.0\\n"',
            '"Content-Type: text/plain; charset=utf-8\\n"',
            '"Content-Transfer-Encoding: 8bit\\n"',
            "\n",
        ]
    )
    fresh.write_text(header + fresh.read_text(encoding="utf-8").rstrip() + "\n", encoding="utf-8")
    fresh.replace(path)


def compile_catalogues(folders: Iterable[Path]) -> list[Path]:
    """Write `django.mo` beside each `django.po` that is newer; gives the files written."""
    written = []
    for source in (path for folder in folders for path in sorted(folder.glob("*/LC_MESSAGES/*.po"))):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        catalog = read_catalogue(source)
        fresh = target.with_suffix(".new")
        with fresh.open("wb") as file:
            write_mo(file, catalog)
        fresh.replace(target)
        written.append(target)
    return written
