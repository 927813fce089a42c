"""What the console of a shoot does: one act on one person, people who walk in, begin and finish, disturbances."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus import clock
from photocampus.digits import read_digits
from photocampus.errors import DomainError
from sessions.checkin import add_walk_in, check_in, expect_again, mark_absent, mark_photographed
from sessions.fees import add_service, move_fee
from sessions.models import Attendance, Disturbance, FeeState
from sessions.shoot_pages import ShootPage
from sessions.shoots import (
    close_day,
    end_disturbance,
    finish_shoot,
    record_disturbance,
    start_shoot,
    stations_of,
)
from sessions.shots import issue_shot, void_shot
from students.makeup import make_up_list
from students.models import Graduate


class ConsoleStation(ShootPage):
    """At which station this console stands."""

    needs = "edit"

    def post(self, request: HttpRequest, booking: str) -> HttpResponse:
        self.setup_booking(booking)
        for row in stations_of(self.booking):
            if row.public_id == request.POST.get("station"):
                request.session[self.station_key] = row.pk
        return self.answer()


class ServiceForm(forms.Form):
    """A further service the student asked for; nothing is filled in beforehand (R12)."""

    label = forms.CharField(label=gettext_lazy("Service"), max_length=60)
    amount = forms.DecimalField(
        label=gettext_lazy("Price (yuan)"), min_value=Decimal("0.01"), decimal_places=2
    )


Done = tuple[str, str]  # what to say, and in which tone


class PersonAct(ShootPage):
    """One act on one person: `/people/<person>/<act>/`. Every act is one use case."""

    needs = "edit"

    def post(self, request: HttpRequest, booking: str, person: str, act: str) -> HttpResponse:
        self.setup_booking(booking)
        attendance = self.person(person)
        acts: dict[str, Callable[[Attendance], Done]] = {
            "check-in": self.check_in,
            "shot": self.shot,
            "void": self.void,
            "photographed": self.photographed,
            "absent": self.absent,
            "expected": self.expected,
            "fee": self.fee,
            "service": self.service,
        }
        if act not in acts:
            raise Http404
        try:
            notice, tone = acts[act](attendance)
        except DomainError as error:
            notice, tone = str(error), "bad"
        return self.answer(person=attendance.public_id, notice=notice, tone=tone)

    def check_in(self, attendance: Attendance) -> Done:
        if check_in(attendance=attendance, typed=self.request.POST.get("number", ""), by=self.user):
            return _("The ID number is equal. Checked in."), "good"
        return _("The ID number is NOT equal. Do not photograph; check the card and the name."), "bad"

    def shot(self, attendance: Attendance) -> Done:
        station = self.station()
        if station is None:
            raise Http404
        series = self.request.POST.get("series", "").strip().upper()
        shot = issue_shot(attendance=attendance, station=station, by=self.user, series=series)
        return _("Shot number %(code)s issued.") % {"code": shot.code}, "good"

    def void(self, attendance: Attendance) -> Done:
        shot = attendance.shots.filter(voided_at=None).first()
        if shot is None:
            raise Http404
        void_shot(shot=shot, reason=self.request.POST.get("reason", ""), by=self.user)
        return _("%(code)s is void. Issue a new number.") % {"code": shot.code}, "good"

    def photographed(self, attendance: Attendance) -> Done:
        mark_photographed(attendance=attendance, by=self.user)
        return _("Photographed."), "good"

    def absent(self, attendance: Attendance) -> Done:
        reason = self.request.POST.get("reason", "")
        is_put_aside = mark_absent(attendance=attendance, by=self.user, reason=reason)
        if not make_up_list(self.campaign).filter(pk=attendance.graduate_id).exists():
            notice = _(
                "Marked absent. The person is not on the make-up list: a picture is there or on its way, or none is"
                " needed."
            )
        elif is_put_aside:
            notice = _(
                "Marked absent; the person is on the make-up list. The picture taken under the void number is no longer"
                " used."
            )
        else:
            notice = _("Marked absent; the person is on the make-up list.")
        return notice, "good"

    def expected(self, attendance: Attendance) -> Done:
        expect_again(attendance=attendance, by=self.user)
        return _("Expected again."), "good"

    def fee(self, attendance: Attendance) -> Done:
        fees = list(attendance.fees.order_by("pk"))
        index = read_digits(self.request.POST.get("fee", "0"))
        if index is None or index >= len(fees) or self.request.POST.get("to") not in FeeState.values:
            raise Http404
        to = FeeState(self.request.POST["to"])
        move_fee(fee=fees[index], to=to, by=self.user, reason=self.request.POST.get("reason", ""))
        return _("Fee: %(state)s.") % {"state": to.label}, "good"

    def service(self, attendance: Attendance) -> Done:
        form = ServiceForm(self.request.POST)
        if not form.is_valid():
            return _("A further service needs a name and a price."), "bad"
        add_service(attendance=attendance, by=self.user, **form.cleaned_data)
        return _("Service added."), "good"


class WalkIn(ShootPage):
    """Somebody of a granted unit who is not on the list."""

    needs = "edit"

    def post(self, request: HttpRequest, booking: str) -> HttpResponse:
        self.setup_booking(booking)
        graduate = self.get_scoped(
            Graduate, campaign=self.campaign, public_id=request.POST.get("graduate", "")
        )
        try:
            attendance = add_walk_in(booking=self.booking, graduate=graduate, by=self.user)
        except DomainError as error:
            return self.answer(notice=str(error), tone="bad")
        return self.answer(
            person=attendance.public_id, notice=_("Put on the list. Now compare the ID number.")
        )


class ShootMove(ShootPage):
    """Begin, end the day, finish."""

    needs = "edit"

    def post(self, request: HttpRequest, booking: str, move: str) -> HttpResponse:
        self.setup_booking(booking)
        try:
            if move == "start":
                start_shoot(booking=self.booking, by=self.user)
                notice = _("The shoot is under way.")
            elif move == "finish":
                people = finish_shoot(booking=self.booking, by=self.user)
                notice = _("The shoot is done. %(people)d people were absent.") % {"people": people}
            elif move == "day":
                people = close_day(booking=self.booking, day=clock.today(), by=self.user)
                notice = _("The day is closed. %(people)d people were absent.") % {"people": people}
            else:
                raise Http404
        except DomainError as error:
            messages.error(request, str(error))
            return redirect(self.console_url())
        messages.success(request, notice)
        return redirect(self.console_url())


def time_from(text: str) -> dt.time | None:
    """A time as browsers send it; what is none says nothing."""
    try:
        return dt.time.fromisoformat(text)
    except ValueError:
        return None


class Disturbances(ShootPage):
    """R17: write down what went wrong, and when it was over."""

    needs = "edit"

    def post(self, request: HttpRequest, booking: str) -> HttpResponse:
        self.setup_booking(booking)
        try:
            if number := request.POST.get("ended", ""):
                rows = self.scoped(Disturbance).filter(booking=self.booking)
                row = rows.filter(pk=read_digits(number) or 0).first()
                if row is None:
                    raise Http404
                end_disturbance(disturbance=row, by=self.user)
                if row.plan_before:  # the classes that it moved may get their hours again
                    return redirect(f"{self.replan_url()}?back={row.pk}")
            else:
                station = next(
                    (
                        row
                        for row in stations_of(self.booking)
                        if row.public_id == request.POST.get("station")
                    ),
                    None,
                )
                record_disturbance(
                    booking=self.booking,
                    what=request.POST.get("what", ""),
                    by=self.user,
                    station=station,
                    until=time_from(request.POST.get("until", "")),
                )
        except DomainError as error:
            return self.answer(notice=str(error), tone="bad")
        return self.answer(notice=_("Recorded."))

    def replan_url(self) -> str:
        return reverse(
            "shoots:shoot-replan", args=[self.studio.code, self.campaign.code, self.booking.public_id]
        )
