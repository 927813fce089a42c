"""The shape of the repository: what points where, how long files are, what a page may not hold."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command

BASE: Path = settings.BASE_DIR
ORDER = ["photocampus", "units", "students", "shoots"]  # sessions/ carries the label shoots
TOP_LEVEL = {
    *("manage.py", "photocampus", "units", "sessions", "students", "templates", "static", "tests"),
    *("pyproject.toml", "README.md", "Makefile", "requirements.lock", "LICENSE"),
}
MOST_LINES = 500
MADE = {
    *(".git", ".venv", "var", "build", "test-results", "__pycache__", ".pytest_cache", ".ruff_cache"),
    *(".mypy_cache", ".import_linter_cache", ".hypothesis"),
}
# Put together from pieces, so that this file does not hold what it looks for.
FORBIDDEN = re.compile(
    "|".join(
        [
            r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b",
            r"(?i:\b(?:issue|ticket|milestone)s? ?(?:#|no\.? ?)?\d)",
            r"/wo" + r"rk/(?:main|shared)|/tmp/" + r"plan",
            r"(?:files\.)?pytho" + r"nhosted|py" + r"pi\.org",
            r"(?i:\bsub-?agents?\b|language mo" + r"del|\bCl" + r"aude\b|\bchat" + r"gpt\b)",
        ]
    )
)
INLINE = re.compile(
    r"""<style\b|\sstyle\s*=|<script(?![^>]*\bsrc=)(?![^>]*type="application/json")|<[^>]*\son[a-z]+\s*=|javascript:""",
    re.IGNORECASE,
)


@cache
def repository_files() -> tuple[Path, ...]:
    """Everything that is or would be committed; without git, all that does not lie in a folder that is made."""
    if not shutil.which("git") or not (BASE / ".git").exists():
        parts = ((path, path.relative_to(BASE).parts) for path in BASE.rglob("*"))
        kept = (
            path
            for path, names in parts
            if not MADE.intersection(names) and path.suffix not in (".mo", ".pyc")
        )
        return tuple(path for path in kept if path.is_file())
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=BASE, capture_output=True, check=True,
    )  # fmt: skip
    paths = (BASE / name for name in listed.stdout.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def relative(path: Path) -> str:
    return path.relative_to(BASE).as_posix()


def own_models():
    return [
        model for label in ORDER for model in apps.get_app_config(label).get_models(include_auto_created=True)
    ]


def test_foreign_keys_point_the_way_imports_do():
    wrong = []
    for model in own_models():
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            is_ours = field.concrete and target is not None and target._meta.app_label in ORDER
            if is_ours and ORDER.index(target._meta.app_label) > ORDER.index(model._meta.app_label):
                wrong.append(f"{model._meta.label}.{field.name} -> {target._meta.label}")
    assert wrong == []


def test_nothing_is_deleted_by_following_a_foreign_key():
    """Foreign keys protect; people leave by state."""
    cascading = {
        f"{model._meta.label}.{field.name}"
        for model in own_models()
        if not model._meta.auto_created
        for field in model._meta.get_fields()
        if field.concrete
        and field.remote_field
        and getattr(field.remote_field.on_delete, "__name__", "") == "CASCADE"
    }
    assert cascading == set()


def test_top_level_holds_only_what_was_agreed():
    names = {relative(path).split("/")[0] for path in repository_files()}
    assert {name for name in names if not name.startswith(".")} - TOP_LEVEL == set()


def test_source_files_stay_short():
    long = {
        relative(path): lines
        for path in repository_files()
        if path.suffix == ".py" and "migrations" not in path.parts
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


def test_repository_text_is_about_the_program_only():
    found = []
    for path in repository_files():
        if path.suffix in {".py", ".html", ".md", ".js", ".css", ".toml", ".po", ".txt", ".lock", ".svg", ""}:
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [f"{relative(path)}: {match.group(0)}" for match in FORBIDDEN.finditer(text)]
    assert found == []


def test_readme_shows_only_what_exists():
    text = (BASE / "README.md").read_text(encoding="utf-8")
    linked = re.findall(r"\]\((?!https?:|#)([^)]+)\)", text)
    assert linked
    assert [name for name in linked if not (BASE / name).exists()] == []


def test_pages_hold_no_inline_style_or_script():
    found = []
    for path in (BASE / "templates").rglob("*"):
        if path.suffix in {".html", ".svg"}:
            text = path.read_text(encoding="utf-8")
            found += [f"{relative(path)}: {match.group(0)}" for match in INLINE.finditer(text)]
    assert found == []


def test_scripts_never_evaluate_text_nor_set_styles():
    pattern = re.compile(r"\beval\(|new Function\(|\.style\.|setAttribute\([\"']style|document\.write")
    found = [
        f"{relative(path)}: {match.group(0)}"
        for path in (BASE / "static" / "js").rglob("*.js")
        for match in pattern.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.django_db
def test_migrations_are_complete():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
