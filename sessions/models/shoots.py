"""The day of the shoot: who came, shot numbers, fees, receipts, disturbances."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.fields import PublicIdField, new_token
from photocampus.models import User
from sessions.models.bookings import Booking
from sessions.models.calendars import Station
from students.models import Graduate, Photo
from units.models import Campaign, Studio


class AttendanceState(models.TextChoices):
    EXPECTED = "expected", _("expected")
    CHECKED_IN = "checked_in", _("checked in")
    PHOTOGRAPHED = "photographed", _("photographed")
    ABSENT = "absent", _("absent")


class Attendance(models.Model):
    """One graduate at one shoot, with the fee due (R12). Every picture taken has one."""

    public_id = PublicIdField()
    booking = models.ForeignKey(
        Booking, models.PROTECT, related_name="attendances", verbose_name=_("booking")
    )
    graduate = models.ForeignKey(
        Graduate, models.PROTECT, related_name="attendances", verbose_name=_("graduate")
    )
    state = models.CharField(
        _("state"), max_length=12, choices=AttendanceState, default=AttendanceState.EXPECTED
    )
    day = models.DateField(_("day"), null=True, blank=True)
    seat_start = models.TimeField(_("seat"), null=True, blank=True)
    fee_due = models.DecimalField(_("fee due (yuan)"), max_digits=7, decimal_places=2)
    id_compared = models.BooleanField(_("ID compared and equal"), null=True, blank=True)
    checked_in_at = models.DateTimeField(_("checked in at"), null=True, blank=True)
    photographed_at = models.DateTimeField(_("photographed at"), null=True, blank=True)
    absent_reason = models.CharField(_("reason of absence"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        constraints = [
            models.UniqueConstraint(fields=["booking", "graduate"], name="attendance_once_per_booking"),
            models.CheckConstraint(
                condition=Q(state__in=AttendanceState.values), name="attendance_state_known"
            ),
            models.CheckConstraint(condition=Q(fee_due__gte=0), name="attendance_fee_not_negative"),
            models.CheckConstraint(
                condition=~Q(state="photographed") | Q(photographed_at__isnull=False),
                name="attendance_photographed_has_time",
            ),
        ]
        indexes = [models.Index(fields=["booking", "state"], name="attendance_by_state")]

    def __str__(self) -> str:
        return f"{self.graduate} · {self.get_state_display()}"


class Shot(models.Model):
    """One shot number, issued in order, such as `A2-0417-031`; voided at most, never used again."""

    station = models.ForeignKey(Station, models.PROTECT, related_name="shots", verbose_name=_("station"))
    day = models.DateField(_("day"))
    series = models.CharField(_("series"), max_length=4, blank=True, default="")
    number = models.PositiveIntegerField(_("number"))
    code = models.CharField(_("shot number"), max_length=24)
    attendance = models.ForeignKey(
        Attendance, models.PROTECT, related_name="shots", verbose_name=_("attendance")
    )
    issued_at = models.DateTimeField(_("given out at"), default=clock.now)
    issued_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("given out by"))
    voided_at = models.DateTimeField(_("voided at"), null=True, blank=True)
    void_reason = models.CharField(_("why voided"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("shot")
        verbose_name_plural = _("shots")
        ordering = ["station", "day", "series", "number"]
        constraints = [
            models.UniqueConstraint(fields=["station", "day", "series", "number"], name="shot_number_once"),
            models.CheckConstraint(condition=Q(number__gt=0), name="shot_number_positive"),
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True, void_reason="")
                | (Q(voided_at__isnull=False) & ~Q(void_reason="")),
                name="shot_voided_with_reason",
            ),
            models.UniqueConstraint(
                fields=["attendance"],
                condition=Q(voided_at__isnull=True),
                name="one_valid_shot_per_attendance",
            ),
        ]
        indexes = [models.Index(fields=["code"], name="shot_by_code")]

    def __str__(self) -> str:
        return self.code


class AttendancePhoto(models.Model):
    """Which attendance a photo comes from."""

    attendance = models.ForeignKey(
        Attendance, models.PROTECT, related_name="attendance_photos", verbose_name=_("attendance")
    )
    photo = models.OneToOneField(
        Photo, models.PROTECT, related_name="attendance_photo", verbose_name=_("photo")
    )
    shot = models.ForeignKey(
        Shot, models.PROTECT, null=True, blank=True, related_name="photos", verbose_name=_("shot")
    )

    class Meta:
        verbose_name = _("photo of an attendance")
        verbose_name_plural = _("photos of attendances")

    def __str__(self) -> str:
        return str(self.photo)


class FeeKind(models.TextChoices):
    GROUP = "group", _("in a group")
    SINGLE = "single", _("alone")
    OTHER = "other", _("other service, by the student's own choice")


class FeeState(models.TextChoices):
    DUE = "due", _("due")
    TAKEN = "taken", _("taken")
    WAIVED = "waived", _("waived")
    REFUNDED = "refunded", _("refunded")


class Fee(models.Model):
    """What a student owes or paid to the studio (R12). The university neither collects nor pays."""

    attendance = models.ForeignKey(
        Attendance, models.PROTECT, related_name="fees", verbose_name=_("attendance")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=FeeKind)
    label = models.CharField(_("service"), max_length=60, blank=True)
    amount = models.DecimalField(_("amount (yuan)"), max_digits=7, decimal_places=2)
    state = models.CharField(_("state"), max_length=10, choices=FeeState, default=FeeState.DUE)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    settled_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("settled by")
    )

    class Meta:
        verbose_name = _("fee")
        verbose_name_plural = _("fees")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=FeeKind.values), name="fee_kind_known"),
            models.CheckConstraint(condition=Q(state__in=FeeState.values), name="fee_state_known"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="fee_not_negative"),
            models.UniqueConstraint(
                fields=["attendance"], condition=~Q(kind="other"), name="one_shooting_fee_per_attendance"
            ),
            models.CheckConstraint(condition=~Q(kind="other") | ~Q(label=""), name="other_service_is_named"),
        ]

    def __str__(self) -> str:
        return f"{self.label or self.get_kind_display()} {self.amount}"


class ReceiptCounter(models.Model):
    """The locked row from which receipts take their number, without a gap."""

    studio = models.ForeignKey(Studio, models.PROTECT, related_name="+", verbose_name=_("studio"))
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+", verbose_name=_("campaign"))
    last = models.PositiveIntegerField(_("last number"), default=0)

    class Meta:
        verbose_name = _("counter of receipts")
        verbose_name_plural = _("counters of receipts")
        constraints = [models.UniqueConstraint(fields=["studio", "campaign"], name="receipt_counter_once")]

    def __str__(self) -> str:
        return str(self.last)


class Receipt(models.Model):
    """拍照回执: taken home by who was photographed alone, brought back to collect prints and files (R5)."""

    public_id = PublicIdField(default=new_token, max_length=32)
    studio = models.ForeignKey(Studio, models.PROTECT, related_name="receipts", verbose_name=_("studio"))
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="receipts", verbose_name=_("campaign")
    )
    number = models.PositiveIntegerField(_("number"))
    attendance = models.OneToOneField(
        Attendance, models.PROTECT, related_name="receipt", verbose_name=_("attendance")
    )
    issued_at = models.DateTimeField(_("issued"), default=clock.now)
    issued_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("issued by"))
    collect_from = models.DateField(_("collect from"))
    collected_at = models.DateTimeField(_("collected at"), null=True, blank=True)
    handed_over_at = models.DateTimeField(_("handed over to the unit at"), null=True, blank=True)
    voided_at = models.DateTimeField(_("voided at"), null=True, blank=True)

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        ordering = ["studio", "campaign", "number"]
        constraints = [
            models.UniqueConstraint(fields=["studio", "campaign", "number"], name="receipt_number_once"),
            models.CheckConstraint(condition=Q(number__gt=0), name="receipt_number_positive"),
            models.CheckConstraint(
                condition=Q(handed_over_at__isnull=True) | Q(collected_at__isnull=False),
                name="receipt_handed_over_after_collected",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number:05d}"


class Disturbance(models.Model):
    """A power cut, broken equipment: recorded, and the rest of the day is planned anew (R17, A4).

    While it lasts its station (none named: every station of the shoot) takes nobody: until it was over, else until it
    is expected to be, else for the rest of the day. `plan_before` are the entries of the classes that it moved, as they
    were, so that they can be offered their hours again when it ends early.
    """

    booking = models.ForeignKey(
        Booking, models.PROTECT, related_name="disturbances", verbose_name=_("booking")
    )
    station = models.ForeignKey(
        Station, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("station")
    )
    began_at = models.DateTimeField(_("began"), default=clock.now)
    until = models.DateTimeField(_("expected until"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    plan_before = models.JSONField(_("before"), default=list, blank=True, editable=False)
    what = models.CharField(_("what happened"), max_length=300)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))

    class Meta:
        verbose_name = _("disturbance")
        verbose_name_plural = _("disturbances")
        ordering = ["-began_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("began_at")),
                name="disturbance_until_after_began",
            ),
        ]

    def __str__(self) -> str:
        return self.what
