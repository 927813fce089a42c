"""Routes, venues, bookings with the half hours they hold, and the plan by class and hour."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.fields import EncryptedField, PublicIdField
from photocampus.models import User
from sessions.models.calendars import Station
from students.models import ClassGroup
from units.models import Campaign, Studio, Unit


class Route(models.TextChoices):
    ON_SITE = "on_site", _("on site")
    STUDIO = "studio", _("group in the studio")


class RouteOverride(models.Model):
    """Academic affairs decide another route than R3 gives, with a reason (R4)."""

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="route_overrides", verbose_name=_("campaign")
    )
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="route_overrides", verbose_name=_("unit"))
    route = models.CharField(_("route"), max_length=10, choices=Route)
    reason = models.CharField(_("reason"), max_length=300)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), default=clock.now)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("route override")
        verbose_name_plural = _("route overrides")
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "unit"],
                condition=Q(ended_at__isnull=True),
                name="route_override_open_once",
            ),
            models.CheckConstraint(condition=Q(route__in=Route.values), name="route_override_route_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="route_override_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.unit} · {self.get_route_display()}"


class Venue(models.Model):
    """The room a unit offers for an on-site shoot (R14, A1); reusable next year."""

    public_id = PublicIdField()
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="venues", verbose_name=_("unit"))
    name = models.CharField(_("room"), max_length=100)
    address = models.CharField(_("address"), max_length=200, blank=True)
    area = models.DecimalField(_("area (m²)"), max_digits=6, decimal_places=1)
    longest_side = models.DecimalField(_("longest side (m)"), max_digits=5, decimal_places=1)
    doors = models.PositiveSmallIntegerField(_("doors"), default=1)
    voltage = models.PositiveSmallIntegerField(_("voltage (V)"), default=220)
    power = models.DecimalField(_("power (kW)"), max_digits=5, decimal_places=1)
    fire_equipment = models.CharField(
        _("fire equipment"), max_length=100, blank=True, help_text=_("Extinguisher or hydrant.")
    )
    certified_by = models.CharField(_("certified by"), max_length=40, blank=True)
    certified_until = models.DateField(_("certified until"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("venue")
        verbose_name_plural = _("venues")
        ordering = ["unit", "name"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "name"], name="venue_name_once_per_unit"),
            models.CheckConstraint(
                condition=Q(area__gt=0, longest_side__gt=0, power__gt=0), name="venue_numbers_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name


def venue_photo_name(instance: "VenuePhoto", filename: str) -> str:
    return f"venues/{instance.public_id}.jpg"


class VenuePhoto(models.Model):
    """A picture of a room, drawn anew without metadata. When it is taken away its file goes and the row stays."""

    public_id = PublicIdField()
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="photos", verbose_name=_("venue"))
    file = models.FileField(_("file"), upload_to=venue_photo_name, blank=True)
    caption = models.CharField(_("caption"), max_length=100, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64, editable=False)
    size = models.PositiveIntegerField(_("size"))
    width = models.PositiveIntegerField(_("width (px)"))
    height = models.PositiveIntegerField(_("height (px)"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), default=clock.now)
    removed_at = models.DateTimeField(_("taken away"), null=True, blank=True)

    class Meta:
        verbose_name = _("picture of a venue")
        verbose_name_plural = _("pictures of venues")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["venue", "sha256"],
                condition=Q(removed_at__isnull=True),
                name="venue_photo_once_per_venue",
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) & ~Q(file="") | Q(removed_at__isnull=False, file=""),
                name="venue_photo_has_file_until_removed",
            ),
        ]

    def __str__(self) -> str:
        return self.caption or f"#{self.pk}"


class BookingKind(models.TextChoices):
    ON_SITE = "on_site", _("on site")
    GROUP = "group", _("group in the studio")
    MAKEUP = "makeup", _("make-up group")
    INDIVIDUAL = "individual", _("individuals in the studio")


class BookingState(models.TextChoices):
    OFFERED = "offered", _("offered from the waiting list")
    ASKED = "asked", _("requested")
    PROPOSED = "proposed", _("proposed by the studio")
    COUNTERED = "countered", _("other hours asked for")
    CONFIRMED = "confirmed", _("confirmed")
    UNDER_WAY = "under_way", _("under way")
    DONE = "done", _("done")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("withdrawn")
    CANCELLED = "cancelled", _("cancelled")
    LAPSED = "lapsed", _("lapsed")


# The states in which a booking holds its hours.
ACTIVE_STATES = ("offered", "asked", "proposed", "countered", "confirmed", "under_way", "done")
# Those in which somebody still has to answer: their hours lapse at `held_until`.
OPEN_STATES = ("offered", "asked", "proposed", "countered")
# Those in which both sides agreed.
FIRM_STATES = ("confirmed", "under_way", "done")


class Booking(models.Model):
    """A shoot of one or more units. Its hours are `Hold` rows; its conversation is `BookingMessage` rows."""

    public_id = PublicIdField()
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="bookings", verbose_name=_("campaign")
    )
    studio = models.ForeignKey(Studio, models.PROTECT, related_name="bookings", verbose_name=_("studio"))
    units = models.ManyToManyField(
        Unit, through="shoots.BookingUnit", related_name="bookings", verbose_name=_("units")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=BookingKind)
    state = models.CharField(_("state"), max_length=12, choices=BookingState, default=BookingState.ASKED)
    venue = models.ForeignKey(
        Venue, models.PROTECT, null=True, blank=True, related_name="bookings", verbose_name=_("venue")
    )
    people = models.PositiveIntegerField(_("people"), default=0)
    agreed_load = models.PositiveIntegerField(_("agreed people per station and day"), null=True, blank=True)
    companion_name = models.CharField(_("companion"), max_length=40, blank=True)
    companion_phone = EncryptedField(_("mobile of the companion"), default="", blank=True)
    held_until = models.DateTimeField(_("held until"), null=True, blank=True)
    flag = models.CharField(_("flag"), max_length=40, blank=True)
    flag_note = models.CharField(_("why flagged"), max_length=300, blank=True)
    # What of its room academic affairs accepted with a reason (keys of `sessions.rooms.Lack`).
    room_kept = models.JSONField(default=list, blank=True)
    # Rises with every change of the hours, so that calendars know which version they hold.
    sequence = models.PositiveIntegerField(default=0)
    seats_per_half_hour = models.PositiveSmallIntegerField(_("seats per half hour"), default=0)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    asked_at = models.DateTimeField(_("asked at"), default=clock.now)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=BookingKind.values), name="booking_kind_known"),
            models.CheckConstraint(condition=Q(state__in=BookingState.values), name="booking_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=["confirmed", "under_way", "done"]) | Q(agreed_load__gt=0),
                name="booking_confirmed_with_agreed_load",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"


class BookingUnit(models.Model):
    booking = models.ForeignKey(
        Booking, models.PROTECT, related_name="booking_units", verbose_name=_("booking")
    )
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="booking_units", verbose_name=_("unit"))

    class Meta:
        verbose_name = _("unit of a booking")
        verbose_name_plural = _("units of a booking")
        constraints = [models.UniqueConstraint(fields=["booking", "unit"], name="booking_unit_once")]

    def __str__(self) -> str:
        return f"{self.booking} {self.unit}"


class BookingMessage(models.Model):
    """One step of the conversation that both sides see."""

    booking = models.ForeignKey(Booking, models.PROTECT, related_name="messages", verbose_name=_("booking"))
    step = models.CharField(_("step"), max_length=20)
    note = models.TextField(_("note"), blank=True)
    hours = models.JSONField(_("hours"), default=list, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), default=clock.now)

    class Meta:
        verbose_name = _("message of a booking")
        verbose_name_plural = _("messages of a booking")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.booking} · {timezone.localtime(self.at):%Y-%m-%d %H:%M}"


class Hold(models.Model):
    """One station, one day, one half hour, held by one booking. Releasing deletes the row."""

    station = models.ForeignKey(Station, models.PROTECT, related_name="holds", verbose_name=_("station"))
    booking = models.ForeignKey(Booking, models.PROTECT, related_name="holds", verbose_name=_("booking"))
    day = models.DateField(_("day"))
    start = models.TimeField(_("from"))

    class Meta:
        verbose_name = _("held half hour")
        verbose_name_plural = _("held half hours")
        ordering = ["day", "start", "station"]
        constraints = [
            models.UniqueConstraint(fields=["station", "day", "start"], name="half_hour_held_once"),
            models.CheckConstraint(
                condition=Q(start__minute__in=[0, 30], start__second=0), name="hold_on_half_hour_grid"
            ),
        ]
        indexes = [models.Index(fields=["day", "station"], name="hold_of_day")]

    def __str__(self) -> str:
        return f"{self.station} {self.day} {self.start:%H:%M}"


class PlanEntry(models.Model):
    """This class, this station, this day, from this time, so many people (R15, A2)."""

    public_id = PublicIdField()
    booking = models.ForeignKey(
        Booking, models.PROTECT, related_name="plan_entries", verbose_name=_("booking")
    )
    class_group = models.ForeignKey(
        ClassGroup, models.PROTECT, related_name="plan_entries", verbose_name=_("class")
    )
    station = models.ForeignKey(
        Station, models.PROTECT, related_name="plan_entries", verbose_name=_("station")
    )
    day = models.DateField(_("day"))
    start = models.TimeField(_("from"))
    end = models.TimeField(_("until"))
    people = models.PositiveIntegerField(_("people"))
    is_locked = models.BooleanField(_("locked"), default=False)
    why = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("plan entry")
        verbose_name_plural = _("plan entries")
        ordering = ["day", "start", "station", "class_group"]
        constraints = [
            models.UniqueConstraint(
                fields=["booking", "class_group", "station", "day", "start"], name="plan_entry_once"
            ),
            models.CheckConstraint(condition=Q(people__gt=0), name="plan_entry_has_people"),
        ]
        indexes = [models.Index(fields=["station", "day", "start"], name="plan_of_day")]

    def __str__(self) -> str:
        return f"{self.class_group} {self.day} {self.start:%H:%M}"


class PlanChangeKind(models.TextChoices):
    MOVED = "moved", _("moved")
    SPLIT = "split", _("split")
    JOINED = "joined", _("joined")
    ADDED = "added", _("planned by hand")
    REMOVED = "removed", _("taken out")
    LOCKED = "locked", _("locked")
    UNLOCKED = "unlocked", _("unlocked")


class PlanChange(models.Model):
    """One change of a plan by hand: the rows it touched before and after, so that it can be undone.

    Kept until the plan is made anew; the history keeps what was done for good.
    """

    public_id = PublicIdField()
    booking = models.ForeignKey(
        Booking, models.PROTECT, related_name="plan_changes", verbose_name=_("booking")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=PlanChangeKind)
    before = models.JSONField(default=list, blank=True)
    after = models.JSONField(default=list, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), default=clock.now)
    undone_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("undone by")
    )
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)

    class Meta:
        verbose_name = _("change of a plan")
        verbose_name_plural = _("changes of plans")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=PlanChangeKind.values), name="plan_change_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="plan_change_undone_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booking} · {self.get_kind_display()}"


class BlockedHours(models.Model):
    """Hours in which a class cannot come to the shoots of a campaign: lessons, examinations."""

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="blocked_hours", verbose_name=_("campaign")
    )
    class_group = models.ForeignKey(
        ClassGroup, models.PROTECT, related_name="blocked_hours", verbose_name=_("class")
    )
    day = models.DateField(_("day"))
    start = models.TimeField(_("from"))
    end = models.TimeField(_("until"))

    class Meta:
        verbose_name = _("hours in which a class cannot come")
        verbose_name_plural = _("hours in which classes cannot come")
        ordering = ["day", "start"]
        constraints = [
            models.CheckConstraint(condition=Q(start__lt=models.F("end")), name="blocked_hours_in_order"),
            models.UniqueConstraint(
                fields=["campaign", "class_group", "day", "start"], name="blocked_hours_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.class_group} {self.day} {self.start:%H:%M}–{self.end:%H:%M}"
