"""Log-in, log-out and the password: Django's own views behind our doors."""

from typing import Any

from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.messages import success
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus.access_log import log_access
from photocampus.models import User
from photocampus.views import MemberPage, PublicPage


class LogInForm(AuthenticationForm):
    """User name and password; the refusal does not tell which of the two was wrong."""

    error_messages = {
        "invalid_login": gettext_lazy(
            "User name or password is wrong. After several attempts the log-in pauses for 15 minutes."
        ),
        "inactive": gettext_lazy("This account is switched off. Please ask academic affairs."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("User name")
        self.fields["password"].label = _("Password")


class LogIn(PublicPage, auth_views.LoginView):
    """Five wrong passwords for one user name from one address pause both together (django-axes)."""

    template_name = "photocampus/login.html"
    authentication_form = LogInForm
    redirect_authenticated_user = True


class LogOut(PublicPage, auth_views.LogoutView):
    """By POST only, so that a link cannot throw anybody out. The browser forgets the pictures it kept for this user."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        response["Clear-Site-Data"] = '"cache"'
        return response


class PasswordChange(MemberPage, auth_views.PasswordChangeView):
    """The own password; forced after a log-in with a one-time password."""

    template_name = "photocampus/password_change.html"
    success_url = reverse_lazy("start")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(forced=self.user.must_change_password, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        user = self.user
        if user.must_change_password:
            # The form checked the old password; the one-time password must not become the lasting one.
            if form.cleaned_data["old_password"] == form.cleaned_data["new_password1"]:
                form.add_error(
                    "new_password1", _("Choose a password that differs from the one-time password.")
                )
                return self.form_invalid(form)
            User.objects.filter(pk=user.pk).update(must_change_password=False)
            user.must_change_password = False
        response = super().form_valid(form)
        log_access("password_changed", by=user, subject=user)
        success(self.request, _("Your password has been changed."))
        return response
