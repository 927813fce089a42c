"""Columns and filters of the admin for fields that hold codes: they are shown, and chosen, as words."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.html import format_html

Text = str | Promise
OWN_APPS = ("photocampus", "units", "students", "shoots")


def word_column(field: str, description: Text, word: Callable[[str], str]) -> Any:
    """A column that shows `field` as `word` puts it, in the order of the field."""

    def column(model_admin: Any, row: models.Model) -> str:
        return word(str(getattr(row, field) or ""))

    column.short_description = description  # type: ignore[attr-defined]
    column.admin_order_field = field  # type: ignore[attr-defined]
    return column


def word_filter(
    field: str, title: Text, words: Callable[[], Mapping[str, str] | Iterable[tuple[str, str]]]
) -> type[admin.SimpleListFilter]:
    """A filter by the codes in `field`, under their words and in the order of the words."""

    class WordFilter(admin.SimpleListFilter):
        parameter_name = field

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return sorted(dict(words()).items(), key=lambda pair: pair[1])

        def queryset(self, request: HttpRequest, queryset: Any) -> Any:
            return queryset.filter(**{field: self.value()}) if self.value() else queryset

    WordFilter.title = title  # type: ignore[assignment]
    return WordFilter


def kinds_of_rows() -> dict[str, str]:
    """Every kind of row of our own, such as `units.unit`, under its name."""
    return {
        model._meta.label_lower: str(model._meta.verbose_name)
        for label in OWN_APPS
        for model in apps.get_app_config(label).get_models()
    }


def row_link(subject_type: str, subject_id: int | None) -> str:
    """“unit 12” with a link to the row in the admin, where it has a page there."""
    if not subject_type:
        return ""
    try:
        meta = apps.get_model(subject_type)._meta
    except (LookupError, ValueError):
        return f"{subject_type} {subject_id or ''}".strip()
    text = f"{meta.verbose_name} {subject_id or ''}".strip()
    try:
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[subject_id])
    except NoReverseMatch:
        return text
    return format_html('<a href="{}">{}</a>', address, text)
