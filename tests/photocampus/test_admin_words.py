"""The admin in Chinese: no page, list, form, history, filter or export shows an English word or a bare code."""

import ast
import html
import re
from collections.abc import Iterator
from functools import cache

import pytest
from django.conf import settings
from django.contrib import admin
from django.urls import reverse
from django.utils import translation

from photocampus import jobs
from photocampus.access_words import WORDS as ACTIONS
from photocampus.admin_base import PortalAdmin, ReferenceAdmin
from photocampus.chores import title_of_chore
from photocampus.event_words import word_of
from photocampus.models import Role
from students.models import RefusalCode
from tests import factories as make
from tests.admin_rows import one_of_everything

pytestmark = [pytest.mark.looks, pytest.mark.django_db]
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)
# Names of file types, units of measure, standards and products; codes that people know as such.
KNOWN = {
    *("XLSX", "XLS", "CSV", "DBF", "JPEG", "JPG", "PNG", "HEIC", "TIFF", "PDF", "ZIP", "Word", "Excel", "Markdown"),
    *("SHA", "GBK", "UTF", "ASCII", "JSON", "dpi", "px", "MB", "kW", "jpg", "zip", "CHSI", "Cookie", "URL", "Ctrl"),
    *("photocampus", "English", "refuse", "look", "note"),
}  # fmt: skip
# Pinyin names of the register's columns, and keys of JSON that staff write themselves.
KNOWN |= {"YXDM", "YXMC", "KSH", "XH", "XM", "XB", "CSRQ", "SFZH", "ZYDM", "ZYMC", "CC", "XZ", "XXXS", "RXRQ"}
KNOWN |= {"BH", "YJBYRQ", "BZ", "chsi", "standard", "highlight", "name", "heading", "width"}
HIDDEN = re.compile(
    r"<(script|style|textarea|template)\b.*?</\1>|<!--.*?-->|<button[^>]*\blang=\"en\"[^>]*>.*?</button>"
    r"|<td class=\"field-label_en[^>]*>.*?</td>|<th class=\"field-code[^>]*>.*?</th>",
    re.S,
)
SAID = re.compile(r"\b(?:title|placeholder|aria-label|aria-description|alt|data-confirm)=\"([^\"]*)\"")
BUTTON = re.compile(r"<input[^>]*type=\"(?:submit|button|reset)\"[^>]*value=\"([^\"]*)\"")
WORD = re.compile(r"[A-Za-z]{2,}")


@pytest.fixture
def boss(client):
    make.make_school()
    boss = make.make_staff(username="1001", name="李老师")
    client.force_login(boss)
    return boss


@pytest.fixture
def rows(boss, monkeypatch):
    ours = {name: kind for name, kind in jobs.all_kinds().items() if not name.startswith("test")}
    monkeypatch.setattr(jobs, "_kinds", ours)  # those of other tests speak English
    return one_of_everything(boss)


def left_over(page: str) -> set[str]:
    """Latin words that a reader sees, besides the known ones, user names and hashes."""
    page = HIDDEN.sub(" ", page)
    said = " ".join([*SAID.findall(page), *BUTTON.findall(page)])
    text = html.unescape(re.sub(r"<[^>]+>", " ", page) + " " + said)
    text = re.sub(r"\b[0-9a-f]{16,}\b|\buser\d+|\bimage/jpeg\b", " ", text)
    return set(WORD.findall(text)) - KNOWN


def pages_of(model: type, row: object) -> Iterator[str]:
    site = admin.site._registry[model]
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    yield reverse(f"{name}_changelist")
    yield reverse(f"{name}_changelist") + "?q=1"
    yield reverse(f"{name}_change", args=[row.pk])
    yield reverse(f"{name}_history", args=[row.pk])
    if isinstance(site, PortalAdmin):
        yield reverse(f"{name}_export")
        yield from (reverse(f"{name}_act", args=[row.pk, act.name]) for act in site.acts)
        if site.may_add:
            yield reverse(f"{name}_add")
    if isinstance(site, ReferenceAdmin):
        yield reverse(f"{name}_import")


@pytest.mark.parametrize("app", sorted({model._meta.app_label for model in MODELS}))
def test_every_admin_page_is_in_chinese(client, rows, app):
    found = {}
    for model in (model for model in MODELS if model._meta.app_label == app):
        row = model._default_manager.order_by("pk").first()
        assert row is not None, f"there is no row of {model._meta.label}: add one to tests/admin_rows.py"
        for address in pages_of(model, row):
            answer = client.get(address, follow=True)
            assert answer.status_code == 200, address
            if words := left_over(answer.content.decode()):
                found[address] = words
    assert found == {}


def test_every_filter_and_export_is_in_chinese(client, rows):
    for model in MODELS:
        site = admin.site._registry[model]
        if not isinstance(site, PortalAdmin):
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        page = client.get(reverse(f"{name}_changelist")).content.decode()
        chosen = re.findall(r'<a href="(\?[^"]+)"', page.partition('id="changelist-filter"')[2])
        queries = [html.unescape(query).split("&")[0] for query in chosen]
        for query in {
            query.partition("=")[0]: query for query in queries
        }.values():  # one choice of each filter
            assert client.get(reverse(f"{name}_changelist") + query).status_code == 200, (model, query)
        answer = client.post(reverse(f"{name}_export"), {"resource": "0", "format": "1"})
        assert answer.status_code == 200, model
        text = answer.content.decode("utf-8-sig")
        if model is not RefusalCode:
            assert left_over(text) <= {"standard"}, (model, text[:300])


def test_refusals_of_forms_and_imports_are_in_chinese(client, rows):
    """What the admin says to wrong input comes from Django and from the library for spreadsheets as well."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    for model in MODELS:
        site = admin.site._registry[model]
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        if isinstance(site, PortalAdmin) and site.may_add:
            none = {"attachments-TOTAL_FORMS": 0, "attachments-INITIAL_FORMS": 0}
            answer = client.post(reverse(f"{name}_add"), none, follow=True)
            assert left_over(answer.content.decode()) == set(), model
        if isinstance(site, ReferenceAdmin):
            upload = SimpleUploadedFile("x.csv", "一,二\n三,四\n".encode())
            data = {"resource": "0", "format": "0", "import_file": upload}
            answer = client.post(reverse(f"{name}_import"), data)
            assert left_over(answer.content.decode()) == set(), model


@pytest.mark.parametrize("address", ["admin:index", "units", "students", "shoots", "photocampus", "auth"])
def test_start_pages_of_the_admin_are_in_chinese(client, rows, address):
    args = () if address == "admin:index" else (address,)
    answer = client.get(reverse(address if not args else "admin:app_list", args=args))
    assert left_over(answer.content.decode()) == set()


@cache
def calls() -> list[tuple[str, ast.Call]]:
    """Every call in the sources, by the last part of what is called."""
    paths = [
        p
        for app in ("photocampus", "units", "students", "sessions")
        for p in (settings.BASE_DIR / app).rglob("*.py")
    ]
    nodes = (node for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    return [
        (getattr(node.func, "id", getattr(node.func, "attr", "")), node)
        for node in nodes
        if isinstance(node, ast.Call)
    ]


def literals(function: str, place: int) -> set[str]:
    """Every literal that the sources give a function at this place."""
    values = [node.args[place] for name, node in calls() if name == function and len(node.args) > place]
    return {
        value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)
    }


def test_everything_that_is_recorded_has_a_word():
    assert len(literals("record", 1)) > 60 and len(literals("log_access", 0)) > 10
    with translation.override("zh-hans"):
        kinds = literals("record", 1) | literals("build_event", 1)
        assert {
            kind for kind in kinds if WORD.search(word_of(kind)) and not kind.startswith("state_")
        } == set()
        assert literals("log_access", 0) - set(ACTIONS) == set()
        chores = literals("chore", 0)
        assert len(chores) >= 8 and {name for name in chores if WORD.search(title_of_chore(name))} == set()


def test_walk_finds_what_is_left_over():
    assert left_over('<p title="Public id">学号</p>') == {"Public", "id"}
    assert left_over('<td class="field-x">is_current XLSX</td>') == {"is", "current"}
    assert Role.STAFF.label
