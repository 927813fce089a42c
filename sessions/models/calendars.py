"""When a studio works and with what: weekly hours, closures, exceptions, stations (R13)."""

import re

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from photocampus.fields import PublicIdField
from units.models import Studio

CODE = re.compile("[A-Za-z0-9]+")


class WeeklyHours(models.Model):
    """One opening of one weekday (Monday is 0); a day has as many rows as openings.

    Rows with the same first day make one table, which holds until the next one begins; without a first day it is the
    one from which the studio started.
    """

    studio = models.ForeignKey(Studio, models.PROTECT, related_name="weekly_hours", verbose_name=_("studio"))
    since = models.DateField(
        _("first day"),
        null=True,
        blank=True,
        help_text=_(
            "All lines with the same first day together replace the earlier hours from that day on: a weekday without "
            "a line is closed then."
        ),
    )
    weekday = models.PositiveSmallIntegerField(
        _("weekday"),
        choices=[
            (0, _("Monday")),
            (1, _("Tuesday")),
            (2, _("Wednesday")),
            (3, _("Thursday")),
            (4, _("Friday")),
            (5, _("Saturday")),
            (6, _("Sunday")),
        ],
    )
    start = models.TimeField(_("from"))
    end = models.TimeField(_("until"))

    class Meta:
        verbose_name = _("weekly hours")
        verbose_name_plural = _("weekly hours")
        ordering = ["studio", "since", "weekday", "start"]
        constraints = [
            models.UniqueConstraint(
                fields=["studio", "since", "weekday", "start"], name="weekly_hours_start_once_since"
            ),
            models.UniqueConstraint(
                fields=["studio", "weekday", "start"],
                condition=Q(since__isnull=True),
                name="weekly_hours_start_once",
            ),
            models.CheckConstraint(condition=Q(start__lt=F("end")), name="weekly_hours_in_order"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="weekly_hours_weekday_known"),
            models.CheckConstraint(
                condition=Q(start__minute__in=[0, 30], end__minute__in=[0, 30]), name="weekly_hours_on_grid"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.start:%H:%M}–{self.end:%H:%M}"


class Closure(models.Model):
    """Days, both included, on which the studio is closed."""

    studio = models.ForeignKey(Studio, models.PROTECT, related_name="closures", verbose_name=_("studio"))
    first = models.DateField(_("first day"))
    last = models.DateField(_("last day"))
    reason = models.CharField(_("reason"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        ordering = ["first"]
        constraints = [models.CheckConstraint(condition=Q(first__lte=F("last")), name="closure_in_order")]

    def __str__(self) -> str:
        return f"{self.first} – {self.last}"


class DayException(models.Model):
    """One day with hours of its own: open on a Monday, closed early. No hours: closed."""

    studio = models.ForeignKey(Studio, models.PROTECT, related_name="exceptions", verbose_name=_("studio"))
    day = models.DateField(_("day"))
    openings = models.JSONField(
        _("openings"), default=list, blank=True, help_text=_('Such as [["09:30", "12:00"]]; empty: closed.')
    )
    reason = models.CharField(_("reason"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("exceptional day")
        verbose_name_plural = _("exceptional days")
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["studio", "day"], name="exception_once_per_day")]

    def __str__(self) -> str:
        return str(self.day)


class StationKind(models.TextChoices):
    BAY = "bay", _("bay in the studio")
    CREW = "crew", _("crew on site")


class Station(models.Model):
    """机位: photographs one person at a time; a crew on site or a bay in the studio."""

    public_id = PublicIdField()
    studio = models.ForeignKey(Studio, models.PROTECT, related_name="stations", verbose_name=_("studio"))
    code = models.CharField(_("code"), max_length=4)
    name = models.CharField(_("name"), max_length=40)
    kind = models.CharField(_("kind"), max_length=6, choices=StationKind)
    rate = models.PositiveSmallIntegerField(_("people per hour"), default=20)
    daily_load = models.PositiveIntegerField(_("people per day"), default=120)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("station")
        verbose_name_plural = _("stations")
        ordering = ["studio", "code"]
        constraints = [
            models.UniqueConstraint(fields=["studio", "code"], name="station_code_once"),
            models.CheckConstraint(condition=Q(kind__in=StationKind.values), name="station_kind_known"),
            models.CheckConstraint(condition=Q(rate__gt=0, daily_load__gt=0), name="station_has_capacity"),
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        """The code stands in shot numbers and in addresses, between signs of their own; those made earlier stay."""
        if self._state.adding and self.code and not CODE.fullmatch(self.code):
            raise ValidationError({"code": _("The code has letters and digits only (A–Z, 0–9).")})


class StationDayOff(models.Model):
    station = models.ForeignKey(Station, models.PROTECT, related_name="days_off", verbose_name=_("station"))
    day = models.DateField(_("day"))
    reason = models.CharField(_("reason"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("station's day off")
        verbose_name_plural = _("stations' days off")
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["station", "day"], name="day_off_once")]

    def __str__(self) -> str:
        return f"{self.station} {self.day}"
