"""Who waits for hours on a day that is full."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.fields import PublicIdField
from photocampus.models import User
from sessions.models.bookings import Booking, BookingKind
from units.models import Campaign, Studio, Unit


class WaitlistState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    OFFERED = "offered", _("was offered hours")
    LEFT = "left", _("left the list")
    OVER = "over", _("the day came without an offer")


class WaitlistEntry(models.Model):
    """A unit waits, as a group of so many people, for room on one day; who joined first is offered hours first.

    An offer is a `Booking` in state offered, which holds the hours. What became of the offer is that booking's state.
    """

    public_id = PublicIdField()
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="waitlist", verbose_name=_("campaign")
    )
    studio = models.ForeignKey(Studio, models.PROTECT, related_name="waitlist", verbose_name=_("studio"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="waitlist", verbose_name=_("unit"))
    kind = models.CharField(_("kind"), max_length=12, choices=BookingKind)
    day = models.DateField(_("day"))
    people = models.PositiveIntegerField(_("people"))
    state = models.CharField(_("state"), max_length=10, choices=WaitlistState, default=WaitlistState.WAITING)
    booking = models.OneToOneField(
        Booking,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="waitlist_entry",
        verbose_name=_("offered booking"),
    )
    joined_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("entered by"))
    joined_at = models.DateTimeField(_("waiting since"), default=clock.now)

    class Meta:
        verbose_name = _("entry of a waiting list")
        verbose_name_plural = _("waiting lists")
        ordering = ["day", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "studio", "unit", "kind", "day"],
                condition=Q(state="waiting"),
                name="waits_once_per_day",
            ),
            models.CheckConstraint(condition=Q(kind__in=BookingKind.values), name="waitlist_kind_known"),
            models.CheckConstraint(condition=~Q(kind="individual"), name="waitlist_for_groups"),
            models.CheckConstraint(condition=Q(state__in=WaitlistState.values), name="waitlist_state_known"),
            models.CheckConstraint(condition=Q(people__gt=0), name="waitlist_has_people"),
            models.CheckConstraint(
                condition=Q(state="offered", booking__isnull=False)
                | (~Q(state="offered") & Q(booking__isnull=True)),
                name="waitlist_offer_has_booking",
            ),
        ]
        indexes = [models.Index(fields=["studio", "day", "state"], name="waitlist_of_day")]

    def __str__(self) -> str:
        return f"{self.unit} {self.day}"
