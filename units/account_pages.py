"""Accounts as academic affairs keep them, and everybody's own details."""

import hashlib
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus import accounts
from photocampus.access_log import log_access
from photocampus.errors import DomainError
from photocampus.event_words import word_of
from photocampus.events import history_of
from photocampus.models import Role, User
from photocampus.sealed import seal, unseal
from photocampus.sheets import XLSX, sheet_bytes
from photocampus.views import MemberPage, StaffPage
from units.account_forms import (
    DetailsForm,
    HandOverForm,
    NewAccountForm,
    PlaceForm,
    ReasonForm,
    SpreadsheetForm,
)
from units.account_import import (
    import_coordinators,
    preview_coordinators,
    read_coordinators,
    template_bytes,
)
from units.accounts import (
    add_coordinator,
    add_studio_member,
    create_coordinator,
    create_studio_account,
    end_membership,
    hand_over,
)
from units.models import Membership, Studio, StudioMembership, Unit

PER_PAGE = 50


class OwnAccount(MemberPage):
    """`/account/`: the own name, telephone and e-mail; the password has its own page."""

    template_name = "units/own_account.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        initial = {"name": self.user.name, "email": self.user.email}
        return self.show(DetailsForm(initial=initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = DetailsForm(request.POST)
        if form.is_valid():
            try:
                data = form.cleaned_data
                accounts.change_details(
                    user=self.user,
                    by=self.user,
                    name=data["name"],
                    email=data["email"],
                    phone=data["phone"] or None,
                )
                messages.success(request, _("Your details are saved."))
                return redirect("units:account")
            except DomainError as error:
                form.add_error(None, str(error))
        return self.show(form)

    def show(self, form: DetailsForm) -> HttpResponse:
        return self.render(form=form, places=places_of(self.user))


def places_of(user: User) -> list[Membership | StudioMembership]:
    """Where the user belongs or belonged, the present first."""
    rows: list[Membership | StudioMembership] = [
        *Membership.objects.filter(user=user).select_related("unit"),
        *StudioMembership.objects.filter(user=user).select_related("studio"),
    ]
    return sorted(rows, key=lambda row: (row.ended_at is not None, row.since))


class AccountList(StaffPage):
    """All accounts, found by name, user name, unit or role."""

    template_name = "units/accounts.html"
    permission = "photocampus.view_user"

    def get(self, request: HttpRequest) -> HttpResponse:
        users = User.objects.order_by("username").prefetch_related(
            Prefetch("memberships", Membership.objects.filter(ended_at=None).select_related("unit")),
            Prefetch(
                "studio_memberships", StudioMembership.objects.filter(ended_at=None).select_related("studio")
            ),
        )
        words, role = request.GET.get("q", "").strip(), request.GET.get("role", "")
        if words:
            inside = Q(memberships__unit__name__icontains=words, memberships__ended_at=None)
            users = users.filter(
                Q(pk__in=User.objects.filter(inside).values("pk"))
                | Q(name__icontains=words)
                | Q(username__icontains=words)
            )
        if role in Role.values:
            users = users.filter(role=role)
        state = request.GET.get("state", "")
        if state in ("on", "off"):
            users = users.filter(is_active=state == "on")
        page = Paginator(users, PER_PAGE).get_page(request.GET.get("page"))
        return self.render(page_obj=page, roles=Role.choices, words=words, role=role, state=state)


class NewAccount(StaffPage):
    """One account; the answer shows its one-time password, once, and nothing keeps it."""

    template_name = "units/account_new.html"
    permission = "photocampus.add_user"

    def get(self, request: HttpRequest) -> HttpResponse:
        initial = {name: request.GET[name] for name in ("role", "units", "studio") if name in request.GET}
        return self.render(form=NewAccountForm(initial=initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = NewAccountForm(request.POST)
        if form.is_valid():
            try:
                return show_passwords(self, [self.create(form.cleaned_data)])
            except DomainError as error:
                form.add_error(None, str(error))
        return self.render(form=form)

    def create(self, data: dict[str, Any]) -> accounts.Issued:
        common = {name: data[name] for name in ("username", "name", "phone", "email")}
        if data["role"] == Role.UNIT:
            return create_coordinator(units=data["units"], by=self.user, **common)
        if data["role"] == Role.STUDIO:
            return create_studio_account(studio=data["studio"], by=self.user, **common)
        return accounts.create_account(role=Role.STAFF, by=self.user, **common)


def show_passwords(page: StaffPage, issued: list[accounts.Issued]) -> HttpResponse:
    """The answer itself carries the passwords, so that neither database nor session ever holds them."""
    rows = [[one.user.username, one.user.name, one.password] for one in issued]
    log_access("passwords_shown", by=page.user, label=", ".join(row[0] for row in rows), rows=len(rows))
    sealed = seal(rows, purpose="passwords", user=page.user)
    return page.render("units/passwords.html", rows=rows, sealed=sealed)


class PasswordSheet(StaffPage):
    """The shown passwords as a spreadsheet; only from the page that shows them, within an hour, logged."""

    permission = "photocampus.add_user"

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            rows = unseal(request.POST.get("sealed", ""), purpose="passwords", user=self.user)
        except DomainError as error:
            messages.error(request, str(error))
            return redirect("units:accounts")
        headings = [_("User name"), _("Name"), _("One-time password")]
        data = sheet_bytes(
            headings=headings, rows=rows, title=_("One-time passwords")[:31], widths=[20, 16, 22]
        )
        log_access(
            "passwords_downloaded", by=self.user, rows=len(rows), sha256=hashlib.sha256(data).hexdigest()
        )
        return download(data, "passwords.xlsx")


def download(data: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(data, content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


class AccountPage(StaffPage):
    """One account: details, places, what may be done with it, and its history."""

    template_name = "units/account.html"
    permission = "photocampus.view_user"

    def get(self, request: HttpRequest, username: str) -> HttpResponse:
        return show_account(self, self.get_scoped(User, username=username))


def show_account(page: StaffPage, account: User, **forms: Any) -> HttpResponse:
    context = {
        "details": DetailsForm(initial={"name": account.name, "email": account.email}),
        "place": PlaceForm(account.role),
        "off": ReasonForm(),
        **forms,
    }
    places = places_of(account)
    can_manage = page.user.has_perm("photocampus.change_user") and (
        page.user.is_superuser or not account.is_superuser
    )
    return page.render(
        "units/account.html",
        account=account,
        places=places,
        present=[row for row in places if row.ended_at is None],
        entries=account_entries(account),
        can_manage=can_manage,
        is_own=account.pk == page.user.pk,
        breadcrumb=[(_("Accounts"), "/accounts/"), (str(account), None)],
        **context,
    )


ACCOUNT_EVENTS = {
    "account_created": gettext_lazy("Account created"),
    "password_reset": gettext_lazy("New one-time password"),
    "account_switched_off": gettext_lazy("Switched off"),
    "account_switched_on": gettext_lazy("Switched on again"),
    "details_changed": gettext_lazy("Details changed"),
    "administrator_made": gettext_lazy("Became an administrator"),
    "administrator_unmade": gettext_lazy("No longer an administrator"),
    "set_up": gettext_lazy("Portal set up"),
}


def account_entries(account: User) -> list[dict[str, Any]]:
    """The account's history for `components/timeline.html`, the newest first."""
    return [
        {
            "when": event.at,
            "title": ACCOUNT_EVENTS.get(event.kind) or word_of(event.kind, event.subject_type, event.new),
            "text": event.reason,
            "by": event.by or "",
        }
        for event in history_of(account).reverse()
    ]


class AccountAct(StaffPage):
    """Something done with one account: a POST, a use case, back to its page."""

    permission = "photocampus.change_user"
    door = "staff"

    def post(self, request: HttpRequest, username: str, **kwargs: Any) -> HttpResponse:
        account = self.get_scoped(User, username=username)
        try:
            answer = self.act(account, **kwargs)
        except DomainError as error:
            messages.error(request, str(error))
            answer = None
        return answer or redirect("units:account-of", account.username)

    def act(self, account: User, **kwargs: Any) -> HttpResponse | None:
        raise NotImplementedError


class ChangeAccount(AccountAct):
    def act(self, account: User, **kwargs: Any) -> HttpResponse | None:
        form = DetailsForm(self.request.POST)
        if not form.is_valid():
            return show_account(self, account, details=form)
        data = form.cleaned_data
        accounts.change_details(
            user=account, by=self.user, name=data["name"], email=data["email"], phone=data["phone"] or None
        )
        messages.success(self.request, _("The details are saved."))
        return None


class ResetPassword(AccountAct):
    def act(self, account: User, **kwargs: Any) -> HttpResponse | None:
        return show_passwords(self, [accounts.reset_password(user=account, by=self.user)])


class SwitchOff(AccountAct):
    def act(self, account: User, **kwargs: Any) -> HttpResponse | None:
        accounts.switch_off_account(user=account, by=self.user, reason=self.request.POST.get("reason", ""))
        messages.success(self.request, _("The account is switched off."))
        return None


class SwitchOn(AccountAct):
    def act(self, account: User, **kwargs: Any) -> HttpResponse | None:
        accounts.switch_on_account(user=account, by=self.user)
        messages.success(self.request, _("The account is switched on again."))
        return None


class MakeAdministrator(AccountAct):
    """Both ways: the button says which."""

    def act(self, account: User, **kwargs: Any) -> HttpResponse | None:
        wanted = self.request.POST.get("administrator") == "yes"
        accounts.set_administrator(user=account, by=self.user, administrator=wanted)
        messages.success(self.request, _("Saved."))
        return None


class AddPlace(AccountAct):
    def act(self, account: User, **kwargs: Any) -> HttpResponse | None:
        form = PlaceForm(account.role, self.request.POST)
        if not form.is_valid():
            return show_account(self, account, place=form)
        if isinstance(unit := form.cleaned_data.get("unit"), Unit):
            add_coordinator(user=account, unit=unit, by=self.user)
        elif isinstance(studio := form.cleaned_data.get("studio"), Studio):
            add_studio_member(user=account, studio=studio, by=self.user)
        return None


def present_place(account: User, code: str) -> Membership | StudioMembership | None:
    """The account's open membership in the unit or studio with this code."""
    if account.role == Role.STUDIO:
        return StudioMembership.objects.filter(user=account, studio__code=code, ended_at=None).first()
    return Membership.objects.filter(user=account, unit__code=code, ended_at=None).first()


class EndPlace(AccountAct):
    def act(self, account: User, **kwargs: Any) -> HttpResponse | None:
        membership = present_place(account, kwargs["place"])
        if membership is not None:
            end_membership(membership=membership, by=self.user)
            messages.success(self.request, _("%(name)s no longer works there.") % {"name": account.name})
        return None


class HandOver(StaffPage):
    """A place goes to a successor: history stays, open work follows the unit, both are told."""

    template_name = "units/hand_over.html"
    permission = "photocampus.change_user"

    def find(self, username: str, place: str) -> tuple[User, Membership | StudioMembership | None]:
        account = self.get_scoped(User, username=username)
        return account, present_place(account, place)

    def get(self, request: HttpRequest, username: str, place: str) -> HttpResponse:
        account, membership = self.find(username, place)
        if membership is None:
            return redirect("units:account-of", username)
        return self.render(account=account, membership=membership, form=HandOverForm(account))

    def post(self, request: HttpRequest, username: str, place: str) -> HttpResponse:
        account, membership = self.find(username, place)
        if membership is None:
            return redirect("units:account-of", username)
        form = HandOverForm(account, request.POST)
        if form.is_valid():
            try:
                hand_over(membership=membership, by=self.user, **form.cleaned_data)
                successor = form.cleaned_data["successor"]
                messages.success(request, _("%(name)s has taken over.") % {"name": successor.name})
                return redirect("units:account-of", successor.username)
            except DomainError as error:
                form.add_error(None, str(error))
        return self.render(account=account, membership=membership, form=form)


class ImportTemplate(StaffPage):
    permission = "photocampus.add_user"

    def get(self, request: HttpRequest) -> HttpResponse:
        return download(template_bytes(), "coordinators.xlsx")


class ImportCoordinators(StaffPage):
    """Upload, preview with every problem by line, then all good lines at once. The page carries the file sealed."""

    template_name = "units/account_import.html"
    permission = "photocampus.add_user"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render(form=SpreadsheetForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        if "sealed" in request.POST:
            return self.apply(request.POST["sealed"])
        form = SpreadsheetForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                rows = read_coordinators(form.cleaned_data["file"])
                lines = preview_coordinators(rows)
                good = [line for line in lines if line.kind in ("new", "add")]
                refused = [line for line in lines if line.problems]
                sealed = seal(rows, purpose="coordinators", user=self.user) if good else ""
                return self.render(
                    form=form, lines=lines, good=len(good), refused=len(refused), sealed=sealed
                )
            except DomainError as error:
                form.add_error("file", str(error))
        return self.render(form=form)

    def apply(self, sealed: str) -> HttpResponse:
        try:
            rows = unseal(sealed, purpose="coordinators", user=self.user)
            issued = import_coordinators(rows=[(line, values) for line, values in rows], by=self.user)
        except DomainError as error:
            messages.error(self.request, str(error))
            return redirect("units:account-import")
        if not issued:
            messages.success(self.request, _("The units are added; no new account was needed."))
            return redirect("units:accounts")
        return show_passwords(self, issued)
