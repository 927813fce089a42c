"""Units, studios, accounts and who belongs where."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget

from photocampus.admin_base import LogAdmin, PortalAdmin, ReferenceAdmin, actor
from photocampus.admin_exchange import ReferenceResource
from photocampus.admin_words import word_column, word_filter
from photocampus.models import User
from units.campaigns import change_contract
from units.deadlines import all_deadlines
from units.models import (
    Campaign,
    CampaignState,
    Contract,
    Membership,
    Studio,
    StudioGrant,
    StudioMembership,
    Unit,
    Urging,
)


class UnitResource(ReferenceResource):
    college = Field("college", "college", ForeignKeyWidget(Unit, "code"))

    class Meta(ReferenceResource.Meta):
        model = Unit
        import_id_fields = ("code",)
        fields = ("code", "name", "kind", "college", "campus", "address", "is_active")
        export_order = fields


class StudioResource(ReferenceResource):
    class Meta(ReferenceResource.Meta):
        model = Studio
        import_id_fields = ("code",)
        fields = (
            "code", "name", "short_name", "address", "directions", "phone", "contact_name", "payee", "is_active",
        )  # fmt: skip
        export_order = fields


@admin.register(Unit)
class UnitAdmin(ReferenceAdmin):
    resource_classes = [UnitResource]
    list_display = ("code", "name", "kind", "college", "campus", "is_active")
    list_display_links = ("code", "name")
    list_filter = ("kind", "is_active", "campus")
    list_select_related = ("college",)
    search_fields = ("code", "name")
    open_fields = ("code", "name", "kind", "college", "campus", "address", "is_active")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "college":
            kwargs["queryset"] = Unit.objects.filter(kind="college")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def links(self, obj: Unit) -> list[Any]:
        found: list[Any] = [(_("Accounts"), f"{reverse('units:accounts')}?q={obj.name}")]
        running = Campaign.objects.filter(state=CampaignState.PUBLISHED).order_by("-window_start")
        found += [(row.name, reverse("shoots:overview", args=[obj.code, row.code])) for row in running]
        return found


@admin.register(Studio)
class StudioAdmin(ReferenceAdmin):
    resource_classes = [StudioResource]
    list_display = ("code", "name", "phone", "address", "is_active")
    list_display_links = ("code", "name")
    list_filter = ("is_active",)
    search_fields = ("code", "name")
    open_fields = (
        "code", "name", "short_name", "address", "directions", "phone", "contact_name", "payee", "is_active",
    )  # fmt: skip


@admin.register(Contract)
class ContractAdmin(PortalAdmin):
    """Contracts are made on the campaign's page; here number and date are kept."""

    list_display = ("campaign", "studio", "number", "signed_on")
    list_filter = ("campaign", "studio")
    list_select_related = ("campaign", "studio")
    open_fields = ("number", "signed_on")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_closed = obj is not None and obj.campaign.state == CampaignState.CLOSED
        return super().has_change_permission(request, obj) and not is_closed

    def save_model(self, request: HttpRequest, obj: Contract, form: Any, change: bool) -> None:
        data = {name: form.cleaned_data[name] for name in ("number", "signed_on")}
        change_contract(contract=Contract.objects.get(pk=obj.pk), by=actor(request), **data)


@admin.register(StudioGrant)
class StudioGrantAdmin(LogAdmin):
    """Which studio may see which unit's people: written by confirmed bookings, ended with the campaign."""

    list_display = ("campaign", "studio", "unit", "given_at", "given_by", "ended_at")
    list_filter = ("campaign", "studio", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("campaign", "studio", "unit", "given_by")
    search_fields = ("unit__name",)


@admin.register(Membership)
class MembershipAdmin(LogAdmin):
    """Who coordinates which unit, now and before; changed on the account's page."""

    list_display = ("user", "unit", "since", "ended_at")
    list_filter = (("ended_at", admin.EmptyFieldListFilter), "unit")
    list_select_related = ("user", "unit")
    search_fields = ("user__name", "user__username", "unit__name")

    def links(self, obj: Membership) -> list[Any]:
        return [(_("Account"), reverse("units:account-of", args=[obj.user.username]))]


@admin.register(StudioMembership)
class StudioMembershipAdmin(LogAdmin):
    list_display = ("user", "studio", "since", "ended_at")
    list_filter = (("ended_at", admin.EmptyFieldListFilter), "studio")
    list_select_related = ("user", "studio")
    search_fields = ("user__name", "user__username")

    def links(self, obj: StudioMembership) -> list[Any]:
        return [(_("Account"), reverse("units:account-of", args=[obj.user.username]))]


@admin.register(User)
class UserAdmin(PortalAdmin):
    """The list filters and exports; one account has a page of its own, where the use cases are."""

    list_display = (
        "username",
        "name",
        "role",
        "is_active",
        "is_superuser",
        "must_change_password",
        "last_login",
    )
    list_display_links = ("username", "name")
    list_filter = ("role", "is_active", "is_superuser", "must_change_password")
    search_fields = ("username", "name")
    hidden_fields = ("password",)
    may_add = True
    change_list_template = "admin/user_change_list.html"

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        return redirect("units:account-of", get_object_or_404(User, pk=object_id).username)

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        return redirect("units:account-new")


def deadlines_in_words() -> dict[str, str]:
    return {entry.key: str(entry.label) for entry in all_deadlines()}


@admin.register(Urging)
class UrgingAdmin(LogAdmin):
    list_display = ("day", "unit", "step", "missing", "by", "at")
    list_filter = ("campaign", word_filter("deadline", _("deadline"), deadlines_in_words), "unit")
    list_select_related = ("unit", "by")
    date_hierarchy = "day"
    shown_as: ClassVar = {"deadline": "step"}
    step = word_column("deadline", _("deadline"), lambda key: deadlines_in_words().get(key, key))
