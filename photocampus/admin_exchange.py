"""Spreadsheets in and out of the admin: django-import-export with own files, own safe formats, and no clear copy on disk."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import tablib
from django.contrib.admin.utils import label_for_field, lookup_field
from django.core.exceptions import ObjectDoesNotExist
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from import_export import resources
from import_export.fields import Field
from import_export.formats import base_formats
from import_export.tmp_storages import BaseStorage
from import_export.widgets import Widget

from photocampus import crypto
from photocampus.access_log import log_access
from photocampus.events import record
from photocampus.fields import EncryptedField, Secret
from photocampus.lists import join_words
from photocampus.sheets import XLSX, csv_bytes, sheet_bytes
from photocampus.small_tables import MissingColumns, clean, read_grid

FOLDER = "imports"
KEPT_FOR = timedelta(hours=6)
NAME = re.compile(r"^[0-9a-f]{32}$")


class SealedUpload(BaseStorage):
    """The file between preview and confirmation: encrypted, under a random name, gone after the import.

    Uploads whose confirmation never came are removed when the next one arrives.
    """

    def save(self, data: bytes) -> None:
        remove_stale_uploads()
        self.name = secrets.token_hex(16)
        default_storage.save(self._path(), ContentFile(crypto.encrypt_bytes(data, context=FOLDER)))

    def read(self) -> bytes | str:
        with default_storage.open(self._path(), "rb") as file:
            return crypto.decrypt_bytes(file.read(), context=FOLDER)

    def remove(self) -> None:
        default_storage.delete(self._path())

    def _path(self) -> str:
        # The name comes back from the browser.
        if not NAME.match(self.name or ""):
            raise FileNotFoundError(FOLDER)
        return f"{FOLDER}/{self.name}"


def remove_stale_uploads() -> None:
    """Take away sealed uploads that nobody confirmed."""
    try:
        _folders, names = default_storage.listdir(FOLDER)
    except (FileNotFoundError, NotImplementedError):
        return
    for name in names:
        path = f"{FOLDER}/{name}"
        if default_storage.get_modified_time(path) < timezone.now() - KEPT_FOR:
            default_storage.delete(path)


class PortalFormat(base_formats.Format):
    """Reads XLSX, XLS and CSV alike, whatever was chosen, through the bounded reader; every cell is text."""

    def __init__(self, encoding: str | None = None) -> None:
        self.encoding = encoding

    def is_binary(self) -> bool:
        return True

    def can_import(self) -> bool:
        return True

    def can_export(self) -> bool:
        return True

    def create_dataset(self, in_stream: bytes) -> tablib.Dataset:
        grid = read_grid(in_stream)
        headings = [clean(cell) for cell in grid[0]]
        dataset = tablib.Dataset(headers=headings)
        for row in grid[1:]:
            cells = [clean(cell) for cell in row[: len(headings)]]
            if any(cells):
                dataset.append([*cells, *[""] * (len(headings) - len(cells))])
        return dataset


class PortalXLSX(PortalFormat):
    """Text stays text: nothing that leaves becomes a formula."""

    def get_title(self) -> str:
        return "XLSX"

    def get_extension(self) -> str:
        return "xlsx"

    def get_content_type(self) -> str:
        return XLSX

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> bytes:
        return sheet_bytes(headings=dataset.headers or [], rows=list(dataset), widths=[20] * dataset.width)


class PortalCSV(PortalFormat):
    def get_title(self) -> str:
        return "CSV"

    def get_extension(self) -> str:
        return "csv"

    def get_content_type(self) -> str:
        return "text/csv; charset=utf-8"

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> bytes:
        return csv_bytes(headings=dataset.headers or [], rows=list(dataset))


FORMATS = [PortalXLSX, PortalCSV]


class ListResource(resources.Resource):
    """The columns of an admin list, as the list shows them: numbers masked, choices and dates in words."""

    def __init__(self, *, model_admin: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__()
        self.model_admin = model_admin
        self.columns = [
            name
            for name in model_admin.get_list_display(request)
            if name not in model_admin.columns_not_exported
        ]
        self.headings = [str(label_for_field(name, model_admin.model, model_admin)) for name in self.columns]

    @classmethod
    def get_display_name(cls) -> str:
        return _("The columns of the list")

    def get_user_visible_fields(self) -> list[Field]:
        return [Field(column_name=heading) for heading in self.headings]

    def export(self, queryset: Any = None, **kwargs: Any) -> tablib.Dataset:
        dataset = tablib.Dataset(headers=self.headings)
        for row in self.iter_queryset(queryset):
            dataset.append([self.cell(row, name) for name in self.columns])
        return dataset

    def cell(self, row: models.Model, name: str) -> Any:
        try:
            field, _attribute, value = lookup_field(name, row, self.model_admin)
        except ObjectDoesNotExist:
            return ""
        if field is not None and getattr(field, "flatchoices", None):
            value = dict(field.flatchoices).get(value, value)
        return plain_cell(value)


def plain_cell(value: Any) -> Any:
    """A value as a spreadsheet shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Secret):
        return value.masked if value else ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return strip_tags(str(value)) if isinstance(value, SafeString) else str(value)


class PlainDiff(resources.Diff):
    """Old and new as `<del>` and `<ins>`, without the library's inline styles."""

    def as_html(self) -> list[SafeString]:
        from django.utils.html import format_html

        cells = []
        for old, new in zip(self.left, self.right, strict=True):
            before = "" if self.new else str(old if old is not None else "")
            after = str(new if new is not None else "")
            if before == after:
                cells.append(format_html("{}", after))
            elif not before:
                cells.append(format_html("<ins>{}</ins>", after))
            else:
                cells.append(format_html("<del>{}</del> <ins>{}</ins>", before, after))
        return cells


class ChoiceWidget(Widget):
    """A stored value, shown and also understood as its word."""

    def __init__(self, choices: Iterable[tuple[Any, Any]]) -> None:
        super().__init__()
        self.words = {str(value): str(word) for value, word in choices}
        self.values = {word: value for value, word in self.words.items()}

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        return self.values.get(str(value or ""), value)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return self.words.get(str(value), str(value or ""))


class YesNoWidget(Widget):
    """是 and 否, also 1 and 0; empty is yes, because a new row is active."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool:
        return str(value or "1").strip().lower() not in ("0", "否", "no", "false", _("no").lower())

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return _("yes") if value else _("no")


class ReferenceResource(resources.ModelResource):
    """Reference data in and out under their codes. Rows are checked by the model and leave one event each.

    Headings are the model's words in the reader's language; a file may also use the names of the columns.
    """

    class Meta:
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = True
        use_bulk = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name, field in self.fields.items():
            column = self._meta.model._meta.get_field(name)
            field.column_name = str(column.verbose_name)
            if column.choices:
                field.widget = ChoiceWidget(column.flatchoices)
            elif isinstance(column, models.BooleanField):
                field.widget = YesNoWidget()

    @classmethod
    def get_display_name(cls) -> str:
        return str(cls._meta.model._meta.verbose_name_plural)

    def before_import(self, dataset: tablib.Dataset, **kwargs: Any) -> None:
        """Let a file name its columns by our names, too. Raises `MissingColumns` without those that name the row."""
        names = {name: field.column_name for name, field in self.fields.items()}
        dataset.headers = [names.get(heading, heading) for heading in dataset.headers or []]
        needed = [names[name] for name in self.get_import_id_fields()]
        if missing := [heading for heading in needed if heading not in dataset.headers]:
            raise MissingColumns(columns=join_words(missing))

    def get_diff_class(self) -> type[resources.Diff]:
        return PlainDiff

    def after_save_instance(self, instance: models.Model, row: Any, **kwargs: Any) -> None:
        if not kwargs.get("dry_run"):
            record(instance, "imported", by=kwargs.get("user"), new=str(instance)[:200])


def log_export(request: HttpRequest, model: type[models.Model], rows: int, data: bytes) -> None:
    """Every list that leaves is in the access log; lists hold no full numbers."""
    log_access(
        "export",
        by=request.user if request.user.is_authenticated else None,
        label=f"{model._meta.label_lower}",
        rows=rows,
        sha256=hashlib.sha256(data).hexdigest(),
    )


def secret_fields(model: type[models.Model]) -> Iterable[str]:
    """Names of the encrypted columns of a model."""
    return [field.name for field in model._meta.concrete_fields if isinstance(field, EncryptedField)]
