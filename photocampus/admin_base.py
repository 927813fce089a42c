"""What all lists and forms of the admin share: nothing is deleted, nothing changes but through a use case or with an event,
every list exports as filtered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from import_export.admin import ExportMixin, ImportExportMixin
from import_export.forms import ExportForm, ImportForm

from photocampus.admin_exchange import FORMATS, ListResource, SealedUpload, log_export
from photocampus.errors import DomainError
from photocampus.event_words import changed_fields, value_word, word_of
from photocampus.events import record, subject_type
from photocampus.models import Event, User

Text = str | Promise


def actor(request: HttpRequest) -> User:
    """Who acts: the admin site has let nobody in who is not logged in."""
    assert isinstance(request.user, User)
    return request.user


@dataclass(frozen=True)
class Act:
    """Something staff do with one row: a button on its page, a page that asks, and one use case.

    `run(row, user, form data)` returns the row whose page comes next, or None for the same; `shown` says for which rows.
    """

    name: str
    label: Text
    permission: str
    run: Callable[[Any, Any, dict[str, Any]], models.Model | None]
    question: Text
    done: Text
    shown: Callable[[Any], bool] = lambda row: True
    form: type[forms.Form] | None = None
    is_grave: bool = False
    # What the form shows at first, by the row.
    initial: Callable[[Any], dict[str, Any]] = lambda row: {}

    def is_allowed(self, request: HttpRequest, row: Any) -> bool:
        return request.user.has_perm(self.permission) and self.shown(row)  # type: ignore[union-attr]


class FormatForm(ExportForm):
    """The first format is chosen already."""

    def _init_formats(self, formats: Any) -> None:
        super()._init_formats(formats)
        field = self.fields["format"]
        field.choices = [choice for choice in field.choices if choice[0] != ""]
        field.initial = "0"


class UploadForm(ImportForm):
    """A file; what kind it is, its first bytes say."""

    def _init_formats(self, formats: Any) -> None:
        super()._init_formats(formats)
        self.fields["format"].widget = forms.HiddenInput()
        self.initial["format"] = "0"
        self.fields["import_file"].help_text = _("XLSX, XLS or CSV.")
        self.fields["import_file"].widget.attrs["accept"] = ".xlsx,.xls,.csv"


class ExportLists(ExportMixin):
    """Export of any list, filtered as the reader sees it, masked as the list shows it, and logged."""

    export_form_class = FormatForm
    formats = FORMATS
    export_formats = FORMATS
    columns_not_exported: ClassVar[Sequence[str]] = ()

    def get_export_resource_classes(self, request: HttpRequest) -> list[Any]:
        return [ListResource]

    def get_export_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        return {"model_admin": self, "request": request}

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)  # type: ignore[attr-defined]

    def get_export_data(self, file_format: Any, request: HttpRequest, queryset: Any, **kwargs: Any) -> bytes:
        data = super().get_export_data(file_format, request, queryset, **kwargs)
        log_export(request, self.model, queryset.count(), data)  # type: ignore[attr-defined]
        return data


class PortalAdmin(ExportLists, admin.ModelAdmin):
    """Read-only unless `open_fields` names what staff change by hand; rows are never deleted.

    `hidden_fields` are columns nobody needs to see (digests, tokens); public ids are never shown. `shown_as` names the
    method that tells a column of codes in words. `acts` are the use cases of one row.
    """

    open_fields: ClassVar[Sequence[str]] = ()
    fixed_after_creation: ClassVar[Sequence[str]] = ()
    hidden_fields: ClassVar[Sequence[str]] = ()
    shown_as: ClassVar[Mapping[str, str]] = {}
    acts: ClassVar[Sequence[Act]] = ()
    may_add: ClassVar[bool] = False
    list_per_page = 50
    list_max_show_all = 500
    show_full_result_count = False
    change_form_template = "admin/portal_change_form.html"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_add and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.open_fields) and super().has_change_permission(request, obj)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if self.fields:
            return self.fields
        if obj is None and self.open_fields:
            return list(self.open_fields)
        return [
            self.shown_as.get(field.name, field.name)
            for field in self.opts.concrete_fields
            if not field.primary_key and field.name not in (*self.hidden_fields, "public_id")
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.readonly_fields
        closed = [field.name for field in self.opts.concrete_fields if field.name not in self.open_fields]
        fixed = self.fixed_after_creation if obj else ()
        return [*self.readonly_fields, *self.shown_as.values(), *closed, *fixed]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Reference data are written directly, each with an event that keeps old and new."""
        old = type(obj)._default_manager.filter(pk=obj.pk).first() if change else None
        super().save_model(request, obj, form, change)
        if change and not form.changed_data:
            return
        data = {
            name: [str(getattr(old, name)) if old else "", str(getattr(obj, name))]
            for name in form.changed_data
        }
        record(obj, "changed" if change else "created", by=actor(request), new=str(obj)[:200], data=data)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """A refusal undoes the whole save and tells why; it never ends in “was changed successfully”."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except DomainError as error:
            messages.error(request, str(error))
        except ValidationError as error:
            for message in error.messages:
                messages.error(request, message)
        return redirect(request.get_full_path())

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Our own events instead of the admin's notes."""
        row = self.get_object(request, unquote(object_id))
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        events = Event.objects.filter(subject_type=subject_type(row), subject_id=row.pk).select_related("by")
        context = {
            **self.admin_site.each_context(request),
            "title": _("History"),
            "subtitle": str(row),
            "object": row,
            "opts": self.opts,
            "events": [self._told(event) for event in events.order_by("-id")[:500]],
        }
        return TemplateResponse(request, "admin/portal_history.html", context)

    def _told(self, event: Event) -> dict[str, Any]:
        """The event in words, with the fields that changed as (name, before, after)."""
        return {
            "event": event,
            "what": word_of(event.kind, event.subject_type, event.new),
            "old": value_word(event.subject_type, event.old),
            "new": value_word(event.subject_type, event.new),
            "pairs": changed_fields(event),
        }

    def get_urls(self) -> list[URLPattern]:
        own = path(
            "<path:object_id>/act/<slug:act>/",
            self.admin_site.admin_view(self.act_view),
            name=f"{self.opts.app_label}_{self.opts.model_name}_act",
        )
        return [own, *super().get_urls()]

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> Any:
        context["portal_acts"] = [
            {"label": act.label, "url": self.act_url(act, obj), "is_grave": act.is_grave}
            for act in (self.acts if obj is not None else ())
            if act.is_allowed(request, obj)
        ]
        context["portal_links"] = self.links(obj) if obj is not None else []
        return super().render_change_form(request, context, add, change, form_url, obj)

    def links(self, obj: Any) -> list[tuple[Text, str]]:
        """(label, address) pairs to pages of the portal about this row."""
        return []

    @property
    def _list_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_changelist"

    def act_url(self, act: Act, row: Any) -> str:
        return reverse(
            f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_act",
            args=[row.pk, act.name],
        )

    def change_url(self, row: models.Model) -> str:
        name = f"{self.admin_site.name}:{row._meta.app_label}_{row._meta.model_name}_change"
        try:
            return reverse(name, args=[row.pk])
        except NoReverseMatch:
            return reverse(f"{self.admin_site.name}:index")

    def act_view(self, request: HttpRequest, object_id: str, act: str) -> HttpResponseBase:
        """Ask, then do: the question on GET, the use case on POST."""
        row = self.get_object(request, unquote(object_id))
        chosen = next((one for one in self.acts if one.name == act), None)
        if row is None or chosen is None or not self.has_view_permission(request, row):
            raise Http404
        if not request.user.has_perm(chosen.permission):  # type: ignore[union-attr]
            raise PermissionDenied
        form = chosen.form(request.POST or None, initial=chosen.initial(row)) if chosen.form else None
        if request.method == "POST" and (form is None or form.is_valid()):
            answer = self._perform(request, chosen, row, form)
            if answer is not None:
                return answer
        context = {
            **self.admin_site.each_context(request),
            "title": chosen.label,
            "subtitle": str(row),
            "opts": self.opts,
            "object": row,
            "act": chosen,
            "form": form,
            "back": self.change_url(row),
        }
        return TemplateResponse(request, "admin/portal_act.html", context)

    def _perform(
        self, request: HttpRequest, act: Act, row: Any, form: forms.Form | None
    ) -> HttpResponse | None:
        try:
            with transaction.atomic():
                following = act.run(row, request.user, form.cleaned_data if form else {})
        except DomainError as error:
            problems = [str(error)]
        except ValidationError as error:
            problems = error.messages
        else:
            messages.success(request, str(act.done))
            shown = following if following is not None else row
            return redirect(
                self.change_url(shown) if shown.pk else f"{self.admin_site.name}:{self._list_name}"
            )
        if form is None:
            for problem in problems:
                messages.error(request, problem)
            return redirect(self.change_url(row))
        form.add_error(None, problems)
        return None


class ReferenceAdmin(ImportExportMixin, PortalAdmin):
    """Reference data: staff add and change rows by hand or by spreadsheet (`resource_classes`)."""

    may_add = True
    tmp_storage_class = SealedUpload
    import_formats = FORMATS[:1]
    import_form_class = UploadForm
    change_list_template = "admin/change_list.html"

    def get_export_resource_classes(self, request: HttpRequest) -> list[Any]:
        return list(self.resource_classes)

    def get_export_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        return {}

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    def import_action(self, request: HttpRequest, **kwargs: Any) -> Any:
        """As the library does it, but what will not be confirmed is taken away at once."""
        answer = super().import_action(request, **kwargs)
        context = getattr(answer, "context_data", None) or {}
        upload = request.FILES.get("import_file")
        if "confirm_form" not in context and (name := getattr(upload, "tmp_storage_name", "")):
            SealedUpload(name=name).remove()
        return answer

    def process_import(self, request: HttpRequest, **kwargs: Any) -> Any:
        try:
            return super().process_import(request, **kwargs)
        except FileNotFoundError:
            messages.error(request, _("This page is too old. Please start again."))
            return redirect(f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_import")

    def add_data_read_fail_error_to_form(self, form: Any, e: Exception) -> None:
        form.add_error(
            "import_file", str(e) if isinstance(e, DomainError) else _("This file cannot be read.")
        )


def take_out(row: models.Model, user: Any, data: dict[str, Any]) -> None:
    """Remove a line of a calendar, such as a closure that is not; the event keeps what it said."""
    said = {field.name: str(field.value_from_object(row)) for field in row._meta.concrete_fields}
    record(row, "taken_out", by=user, old=str(row)[:200], data=said)
    row.delete()


class LogAdmin(PortalAdmin):
    """A log: looked at, filtered, exported, never touched."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
