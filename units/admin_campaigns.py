"""Campaigns with their terms, profiles and contracts; notices with their files. Every change is a use case."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget

from photocampus.admin_base import Act, LogAdmin, PortalAdmin, ReferenceAdmin, actor
from photocampus.admin_exchange import ReferenceResource
from photocampus.models import User
from units.campaign_forms import CloseForm, CopyForm, NewCampaignForm, RetentionForm
from units.campaigns import (
    EDITABLE,
    add_contract,
    change_campaign,
    change_contract,
    close_campaign,
    copy_campaign,
    create_campaign,
    publish_campaign,
    set_term,
)
from units.image_profiles import MEASURES, change_profile
from units.models import (
    Acknowledgement,
    Campaign,
    CampaignState,
    Contract,
    ImageProfile,
    Notice,
    NoticeAttachment,
    Term,
)
from units.notices import EDITABLE as NOTICE_FIELDS
from units.notices import (
    attach_file,
    attachment_limit_mb,
    change_notice,
    new_edition,
    publish_notice,
    take_off_attachment,
    write_notice,
)


class FixedWhenStored(forms.ModelForm):
    """A row that exists keeps what names it: another name would be another row."""

    fixed: ClassVar[str] = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None and self.fixed in self.fields:
            self.fields[self.fixed].disabled = True


class TermForm(FixedWhenStored):
    fixed = "code"


class ContractForm(FixedWhenStored):
    fixed = "studio"


class TermInline(admin.TabularInline):
    model = Term
    form = TermForm
    extra = 0
    fields = ("code", "graduation_date")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ContractInline(admin.TabularInline):
    model = Contract
    form = ContractForm
    extra = 0
    fields = ("studio", "number", "signed_on")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ImageProfileInline(admin.TabularInline):
    """Versions so far; a change is made on the profile's own page and becomes the next version."""

    model = ImageProfile
    extra = 0
    fields = ("name", "version", "width", "height", "min_bytes", "max_bytes", "min_quality", "dpi")
    readonly_fields = fields
    show_change_link = True
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def run_publish(campaign: Campaign, user: User, data: dict[str, Any]) -> None:
    publish_campaign(campaign=campaign, by=user)


def run_close(campaign: Campaign, user: User, data: dict[str, Any]) -> None:
    change_campaign(campaign=campaign, by=user, retention_until=data["retention_until"])
    close_campaign(campaign=campaign, by=user, reason=data["reason"])


def run_retention_until(campaign: Campaign, user: User, data: dict[str, Any]) -> None:
    change_campaign(campaign=campaign, by=user, **data)


def retention_of(campaign: Campaign) -> dict[str, Any]:
    return {"retention_until": campaign.retention_until}


def run_copy(campaign: Campaign, user: User, data: dict[str, Any]) -> models.Model:
    return copy_campaign(source=campaign, by=user, **data)


@admin.register(Campaign)
class CampaignAdmin(PortalAdmin):
    """Every number of the notice is a field."""

    list_display = (
        "code",
        "name",
        "state",
        "window_start",
        "window_end",
        "threshold",
        "fee_group",
        "fee_single",
    )
    list_display_links = ("code", "name")
    list_filter = ("state", "identity_mode")
    search_fields = ("code", "name")
    open_fields = EDITABLE
    may_add = True
    inlines = (TermInline, ContractInline, ImageProfileInline)
    fieldsets = (
        (None, {"fields": ("code", "name", "state", "copied_from", "identity_mode")}),
        (_("Window and deadlines"), {"fields": (
            ("window_start", "window_end"), ("acknowledge_by", "roster_by"), ("sign_off_by", "booking_by"),
            ("acceptance_by", "submission_by"),
            "retention_until",
        )}),
        (_("Route and booking"), {"fields": (
            "threshold", ("hold_days", "offer_hours"), "reminder_days", ("report_minutes", "receipt_days"),
        )}),
        (_("Fees and package"), {"fields": (
            ("fee_group", "fee_single"), ("prints_2in", "prints_1in"), ("includes_small", "includes_large"),
        )}),
        (_("Dress and what to bring"), {"fields": ("dress", "bring")}),
        (_("Room for a shoot on site"), {"fields": (
            ("room_area", "room_side"), "room_doors", ("room_voltage", "room_power"),
        )}),
        (_("Scans of prints"), {"fields": (
            "scans_allowed", "scan_min_dpi", ("scan_print_width_mm", "scan_print_height_mm"),
        )}),
    )  # fmt: skip
    acts = (
        Act(
            "publish", _("Publish the campaign"), "units.publish_campaign", run_publish,
            _("Units and studio see the campaign from now on and begin to work. It cannot become a draft again."),
            _("The campaign is published."),
            shown=lambda campaign: campaign.state == CampaignState.DRAFT,
        ),
        Act(
            "close", _("Close the campaign"), "units.publish_campaign", run_close,
            _(
                "Units change no roster and agree on no shoot any more, open requests end, and the studio no longer sees"
                " anybody. What was photographed can still be submitted, verified and registered. This cannot be undone."
            ),
            _("The campaign is closed."),
            shown=lambda campaign: campaign.state == CampaignState.PUBLISHED, form=CloseForm, is_grave=True,
            initial=retention_of,
        ),
        Act(
            "retention", _("Set the end of retention"), "units.change_campaign", run_retention_until,
            _("On the day after, personal data, pictures and files of the campaign are removed for good."),
            _("The end of retention is set."),
            shown=lambda campaign: campaign.state == CampaignState.CLOSED, form=RetentionForm, is_grave=True,
            initial=retention_of,
        ),
        Act(
            "copy", _("Copy for another year"), "units.add_campaign", run_copy,
            _("A draft with all numbers, terms, image profiles and the notice; dates move by whole years."),
            _("The copy is a draft. Look at its dates and at the text of its notice."),
            form=CopyForm,
        ),
    )  # fmt: skip

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None:
            return self.fieldsets
        (name, _first), *rest = self.fieldsets
        return [(name, {"fields": ("code", "name", "identity_mode", "small")}), *rest]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = NewCampaignForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj is not None else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_closed = obj is not None and obj.state == CampaignState.CLOSED
        return super().has_change_permission(request, obj) and not is_closed

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = ["code"] if obj is not None and obj.state != CampaignState.DRAFT else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        data = dict(form.cleaned_data)
        if change:
            change_campaign(campaign=Campaign.objects.get(pk=obj.pk), by=actor(request), **data)
            return
        made = create_campaign(by=actor(request), **data)
        obj.pk, obj._state.adding = made.pk, False
        obj.refresh_from_db()

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Terms and contracts go through their use cases."""
        campaign = form.instance
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        for row in formset.forms:
            if not row.has_changed():
                continue
            data = row.cleaned_data
            if formset.model is Term:
                set_term(
                    campaign=campaign,
                    code=data["code"],
                    graduation_date=data["graduation_date"],
                    by=actor(request),
                )
            elif row.instance.pk is None:
                add_contract(
                    campaign=campaign, studio=data["studio"], number=data["number"], signed_on=data["signed_on"],
                    by=actor(request),
                )  # fmt: skip
            else:
                change_contract(
                    contract=Contract.objects.get(pk=row.instance.pk), by=actor(request), number=data["number"],
                    signed_on=data["signed_on"],
                )  # fmt: skip

    def links(self, obj: Campaign) -> list[Any]:
        found: list[Any] = [
            (
                _("Write or read the notice"),
                f"{reverse('admin:units_notice_changelist')}?campaign__id__exact={obj.pk}",
            )
        ]
        if obj.state != CampaignState.DRAFT:
            found.append((_("All units"), reverse("students:units", args=[obj.code])))
            found.append((_("Acknowledgements"), reverse("units:acknowledgements", args=[obj.code])))
            found.append((_("Deadlines"), reverse("units:deadlines", args=[obj.code])))
            found.append((_("Routes"), reverse("shoots:routes", args=[obj.code])))
        return found


class TermResource(ReferenceResource):
    campaign = Field("campaign", "campaign", ForeignKeyWidget(Campaign, "code"))

    class Meta(ReferenceResource.Meta):
        model = Term
        import_id_fields = ("campaign", "code")
        fields = ("campaign", "code", "graduation_date")
        export_order = fields


@admin.register(Term)
class TermAdmin(ReferenceAdmin):
    resource_classes = [TermResource]
    list_display = ("campaign", "code", "graduation_date")
    list_display_links = ("code",)
    list_filter = ("campaign",)
    list_select_related = ("campaign",)
    open_fields = ("campaign", "code", "graduation_date")
    fixed_after_creation = ("campaign", "code")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_closed = obj is not None and obj.campaign.state == CampaignState.CLOSED
        return super().has_change_permission(request, obj) and not is_closed

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "campaign":
            kwargs["queryset"] = Campaign.objects.exclude(state=CampaignState.CLOSED)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(ImageProfile)
class ImageProfileAdmin(PortalAdmin):
    """A version never changes: saving writes the next one."""

    list_display = (
        "campaign",
        "name",
        "version",
        "width",
        "height",
        "min_bytes",
        "max_bytes",
        "min_quality",
        "dpi",
    )
    list_display_links = ("name",)
    list_filter = ("campaign", "name")
    list_select_related = ("campaign",)
    open_fields = MEASURES
    fieldsets = (
        (None, {"fields": ("campaign", "name", "version", "source")}),
        (_("File"), {"fields": (("width", "height", "dpi"), ("min_bytes", "max_bytes"), "min_quality")}),
        (_("Picture"), {"fields": (
            "backgrounds", ("hairline_min", "hairline_max"), ("eyes_min", "eyes_max"), ("face_min", "face_max"),
            "checks",
        )}),
    )  # fmt: skip

    def save_model(self, request: HttpRequest, obj: ImageProfile, form: Any, change: bool) -> None:
        stored = ImageProfile.objects.get(pk=obj.pk)
        obj.next_version = change_profile(profile=stored, by=actor(request), **form.cleaned_data)  # type: ignore[attr-defined]

    def response_change(self, request: HttpRequest, obj: ImageProfile) -> HttpResponse:
        fresh = obj.next_version  # type: ignore[attr-defined]
        messages.success(
            request,
            gettext("Version %(version)d is written; pictures made so far keep theirs.")
            % {"version": fresh.version},
        )
        return redirect(self.change_url(fresh))

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None


class AttachmentInline(admin.TabularInline):
    model = NoticeAttachment
    extra = 1
    fields = ("file", "name")

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "name" and field is not None:
            field.required = False
            field.help_text = gettext("Empty: the file's own name.")
        if db_field.name == "file" and field is not None:
            # No link: stored files have no public address.
            field.widget = forms.FileInput()
            field.help_text = gettext("PDF, Word, Excel, JPEG, PNG or ZIP, at most %(limit)d MB.") % {
                "limit": attachment_limit_mb()
            }
        return field

    def _is_draft(self, obj: Any) -> bool:
        return obj is None or obj.published_at is None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_draft(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A draft may lose a file again; a published notice keeps all."""
        return self._is_draft(obj) and super().has_change_permission(request, obj)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("file", "name") if self._is_draft(obj) else ("name", "size")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if self._is_draft(obj) else ("name", "size")


def run_publish_notice(notice: Notice, user: User, data: dict[str, Any]) -> None:
    publish_notice(notice=notice, by=user)


def run_new_edition(notice: Notice, user: User, data: dict[str, Any]) -> models.Model:
    return new_edition(notice=notice, by=user)


@admin.register(Notice)
class NoticeAdmin(PortalAdmin):
    list_display = (
        "title",
        "campaign",
        "edition",
        "document_number",
        "issued_on",
        "published_at",
        "published_by",
    )
    list_filter = ("campaign", ("published_at", admin.EmptyFieldListFilter))
    list_select_related = ("campaign", "published_by")
    search_fields = ("title", "document_number")
    open_fields = ("campaign", *NOTICE_FIELDS)
    fixed_after_creation = ("campaign",)
    may_add = True
    inlines = (AttachmentInline,)
    acts = (
        Act(
            "publish", _("Publish the notice"), "units.publish_notice", run_publish_notice,
            _("Every unit reads this text and acknowledges it. Afterwards it changes only by a new edition."),
            _("The notice is published."),
            shown=lambda notice: notice.published_at is None,
        ),
        Act(
            "edition", _("New edition"), "units.add_notice", run_new_edition,
            _("A draft that begins with this text and its files. Every unit will acknowledge it anew."),
            _("The draft of the new edition is ready to be edited."),
            shown=lambda notice: notice.published_at is not None,
        ),
    )  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_published = obj is not None and obj.published_at is not None
        return super().has_change_permission(request, obj) and not is_published

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "campaign":
            kwargs["queryset"] = Campaign.objects.exclude(state=CampaignState.CLOSED)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Notice, form: Any, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in NOTICE_FIELDS if name in form.cleaned_data}
        if change:
            change_notice(notice=Notice.objects.get(pk=obj.pk), by=actor(request), **values)
            return
        made = write_notice(campaign=form.cleaned_data["campaign"], by=actor(request), **values)
        obj.pk, obj._state.adding = made.pk, False
        obj.refresh_from_db()

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        for row in formset.forms:
            data = getattr(row, "cleaned_data", {})
            if row.instance.pk and data.get("DELETE"):
                take_off_attachment(
                    attachment=NoticeAttachment.objects.get(pk=row.instance.pk), by=actor(request)
                )
            elif row.instance.pk is None and data.get("file"):
                attach_file(
                    notice=form.instance, upload=data["file"], name=data.get("name", ""), by=actor(request)
                )

    def links(self, obj: Notice) -> list[Any]:
        address = reverse("units:read-edition", args=[obj.campaign.code, obj.edition])
        return [
            (_("As a document"), address),
            (_("Acknowledgements"), reverse("units:acknowledgements", args=[obj.campaign.code])),
        ]


@admin.register(Acknowledgement)
class AcknowledgementAdmin(LogAdmin):
    list_display = ("notice", "unit", "contact_name", "contact_phone", "by", "at")
    list_filter = ("notice__campaign", "notice__edition")
    list_select_related = ("notice", "unit", "by")
    search_fields = ("unit__name", "contact_name")


@admin.register(NoticeAttachment)
class NoticeAttachmentAdmin(LogAdmin):
    list_display = ("name", "notice", "size", "position")
    list_filter = ("notice__campaign",)
    list_select_related = ("notice",)
    hidden_fields = ("file",)
