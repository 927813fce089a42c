"""The Chinese catalogue is complete and true to the sentences in the sources."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from photocampus import catalogues
from photocampus.lists import join_parts, join_words

PLACEHOLDER = re.compile(r"%\((\w+)\)([a-z])|%%|%([sd])|\{(\w*)\}")


@pytest.fixture(scope="module")
def found():
    return catalogues.collect(settings.BASE_DIR)


@pytest.fixture(scope="module")
def chinese():
    return catalogues.read_catalogue(catalogues.catalogue_path(settings.BASE_DIR))


def keys(catalog) -> set[tuple[str, str | None]]:
    """Singular and context: what a sentence is looked up by."""
    return {
        (message.id if isinstance(message.id, str) else message.id[0], message.context)
        for message in catalogues.messages_of(catalog)
    }


def texts(value) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def placeholders(text: str) -> set[str]:
    return {match.group(0) for match in PLACEHOLDER.finditer(text) if match.group(0) != "%%"}


def test_catalogue_has_every_sentence_and_no_other(found, chinese):
    assert keys(found) - keys(chinese) == set()
    assert keys(chinese) - keys(found) == set()


def test_catalogue_translates_every_sentence(chinese):
    empty = [
        message.id
        for message in catalogues.messages_of(chinese)
        if not all(texts(message.string or "")) or message.fuzzy
    ]
    assert empty == []


def test_catalogue_keeps_placeholders(chinese):
    wrong = []
    for message in catalogues.messages_of(chinese):
        wanted = placeholders(texts(message.id)[-1])
        # A translation may leave out a number that the singular leaves out too, never invent one.
        least = set.intersection(*(placeholders(text) for text in texts(message.id)))
        for text in filter(None, texts(message.string or "")):
            if not least <= placeholders(text) <= wanted | least:
                wrong.append((message.id, text))
    assert wrong == []


def test_catalogue_keeps_percent_signs(chinese):
    """A bare % beside placeholders would break the formatting at run time."""
    for message in catalogues.messages_of(chinese):
        if placeholders(texts(message.id)[0]):
            for text in texts(message.string or ""):
                assert "%" not in PLACEHOLDER.sub("", text), text


def test_template_messages_reads_every_form():
    source = """{% load i18n %}<h1>{% translate "Hello (there)" %}</h1>
    {% blocktranslate trimmed count n=n %}
      one {{ n }} photo's "x"
    {% plural %}
      many {{ n }} photos
    {% endblocktranslate %}
    {{ _("abc") }} {% translate "May" context "month" %} {% include "x" with a=_("def") %}"""
    assert list(catalogues.template_messages(source, "page.html")) == [
        ("Hello (there)", None),
        (('one %(n)s photo\'s "x"', "many %(n)s photos"), None),
        ("abc", None),
        ("May", "month"),
        ("def", None),
    ]


def test_update_catalogue_keeps_translations_and_is_stable(tmp_path):
    (tmp_path / "photocampus").mkdir()
    source = tmp_path / "photocampus" / "a.py"
    source.write_text(
        'x = gettext("One"), ngettext("%(n)d picture", "%(n)d pictures", 2)\n', encoding="utf-8"
    )
    path = catalogues.catalogue_path(tmp_path)
    catalog = catalogues.update_catalogue(tmp_path)
    catalog["One"].string = "一"
    catalog["%(n)d picture"].string = ("%(n)d 张照片",)
    catalogues.write_catalogue(catalog, path)
    first = path.read_bytes()
    catalogues.update_catalogue(tmp_path)
    assert path.read_bytes() == first
    source.write_text('x = gettext("One"), gettext("Two")\n', encoding="utf-8")
    updated = catalogues.update_catalogue(tmp_path)
    assert {message.id: message.string for message in catalogues.messages_of(updated)} == {
        "One": "一",
        "Two": None,
    }


def test_marks_of_lists_follow_the_language():
    """Nothing a person reads is joined with marks of one language only: 「；」 and 「、」 come from the catalogue."""
    with translation.override("zh-hans"):
        assert (join_words(["甲", "乙"]), join_parts(["甲", 2])) == ("甲、乙", "甲；2")
    with translation.override("en"):
        assert (join_words(["a", "b"]), join_parts(["a", "b"])) == ("a, b", "a; b")
    by_hand = re.compile(r"""["'][;；、] ?["']\.join\(|join:["'][,;；、]""")
    sources = [
        path
        for folder in ("photocampus", "units", "students", "sessions", "templates")
        for path in (settings.BASE_DIR / folder).rglob("*")
        if path.suffix in (".py", ".html")
    ]
    assert [str(path) for path in sources if by_hand.search(path.read_text("utf-8"))] == []


def test_compile_catalogues_makes_what_django_reads(tmp_path):
    (tmp_path / "photocampus").mkdir()
    (tmp_path / "photocampus" / "a.py").write_text('gettext("Only of this test")\n', encoding="utf-8")
    catalog = catalogues.update_catalogue(tmp_path)
    catalog["Only of this test"].string = "仅此测试"
    catalogues.write_catalogue(catalog, catalogues.catalogue_path(tmp_path))
    folder = tmp_path / "photocampus" / "locale"
    written = catalogues.compile_catalogues([folder])
    assert written == [folder / "zh_Hans" / "LC_MESSAGES" / "django.mo"]
    assert catalogues.compile_catalogues([folder]) == []
    import gettext

    compiled = gettext.translation("django", localedir=str(folder), languages=["zh_Hans"])
    assert compiled.gettext("Only of this test") == "仅此测试"
    assert compiled.ngettext("a", "b", 2) == "b"


def test_program_speaks_chinese_by_default():
    assert Path(catalogues.catalogue_path(settings.BASE_DIR)).exists()
    with translation.override(settings.LANGUAGE_CODE):
        assert (
            str(dict(settings.LANGUAGES)["zh-hans"])
            == translation.gettext("Simplified Chinese")
            == "简体中文"
        )
