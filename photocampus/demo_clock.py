"""The demonstration's date, moved forward by hand (design §6)."""

import datetime as dt

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.digits import read_digits
from photocampus.errors import DomainError
from photocampus.events import record
from photocampus.models import School, User
from photocampus.views import StaffPage

MOST_DAYS = 366


class NoDemonstration(DomainError):
    code = "no_demonstration"
    message = _("This is not the demonstration: real campaigns live in real time.")


class OnlyForward(DomainError):
    code = "only_forward"
    message = _("The demonstration's date can only be moved forward, by at most a year.")


@transaction.atomic
def advance_demo_date(*, days: int, by: User) -> dt.date:
    """Let the demonstration live so many days later; returns its new date. Raises `NoDemonstration`, `OnlyForward`."""
    school = School.objects.select_for_update().filter(demo_date__isnull=False).first()
    if school is None or school.demo_date is None:
        raise NoDemonstration()
    if not 0 < days <= MOST_DAYS:
        raise OnlyForward()
    old, school.demo_date = school.demo_date, school.demo_date + dt.timedelta(days=days)
    school.save(update_fields=["demo_date"])
    record(school, "demo_date_advanced", by=by, old=str(old), new=str(school.demo_date))
    transaction.on_commit(clock.forget)
    return school.demo_date


class AdvanceDemoDate(StaffPage):
    """The button in the banner."""

    def post(self, request: HttpRequest) -> HttpResponse:
        days = read_digits(request.POST.get("days", "1"))
        try:
            advance_demo_date(days=days or 0, by=self.user)
        except DomainError as error:
            messages.error(request, str(error))
        back = request.POST.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
        return redirect(back if is_ours else "start")
