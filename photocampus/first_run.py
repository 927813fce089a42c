"""The first page of a new portal: it names the school and makes the first administrator, once."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus.errors import DomainError
from photocampus.events import record
from photocampus.models import School, User
from photocampus.views import PublicPage


class AlreadySetUp(DomainError):
    code = "already_set_up"
    message = gettext_lazy("This portal has been set up already.")


def is_new() -> bool:
    """Nobody has set this portal up, and nobody could log in to do it another way."""
    return not School.objects.exists() and not User.objects.filter(is_active=True).exists()


def set_up_school(*, code: str, school_name: str, username: str, name: str, password: str) -> User:
    """Create the school and its first administrator together; raises `AlreadySetUp` unless the portal `is_new`."""
    try:
        with transaction.atomic():
            if not is_new():
                raise AlreadySetUp()
            school = School.objects.create(code=code, name=school_name)
            user = User.objects.create_superuser(username, password, name=name)
            record(school, "set_up", by=user, new=code)
    except IntegrityError:  # two browsers at once: the constraint on the one school decides
        raise AlreadySetUp() from None
    return user


class SetUpForm(forms.Form):
    """The fields of the first-run page, with the models' own rules."""

    code = forms.CharField(
        label=gettext_lazy("School code"),
        max_length=5,
        help_text=gettext_lazy("Five digits, as in the register."),
        validators=School._meta.get_field("code").validators,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    school_name = forms.CharField(
        label=gettext_lazy("Name of the school"),
        max_length=20,
        help_text=gettext_lazy("In full, as on the diploma."),
    )
    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=60,
        validators=User._meta.get_field("username").validators,
        help_text=gettext_lazy("Letters, digits and @ . + - _"),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=40,
        help_text=gettext_lazy("Shown to the others in the history."),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        help_text=password_validators_help_text_html,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password_again = forms.CharField(
        label=gettext_lazy("Password once more"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        password = data.get("password")
        if password:
            try:
                validate_password(
                    password, User(username=data.get("username", ""), name=data.get("name", ""))
                )
            except ValidationError as error:
                self.add_error("password", error)
            if data.get("password_again") and password != data["password_again"]:
                self.add_error("password_again", _("The two passwords differ."))
        return data


class SetUp(PublicPage):
    """`/setup/` exists only while there is neither a school nor an active user."""

    template_name = "photocampus/setup.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_new():
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render(form=SetUpForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SetUpForm(request.POST)
        if form.is_valid():
            data = {name: value for name, value in form.cleaned_data.items() if name != "password_again"}
            try:
                set_up_school(**data)
                messages.success(
                    request, _("The portal is set up. Log in as the administrator you have just created.")
                )
                return redirect("login")
            except DomainError as error:
                form.add_error(None, str(error))
        return self.render(form=form)
