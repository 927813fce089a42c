"""Problems between a unit, the studio and academic affairs: raised, owned and settled in one place (R22)."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.fields import PublicIdField
from photocampus.models import User
from sessions.models.bookings import Booking
from sessions.models.deliveries import Delivery
from students.models import Graduate
from units.models import Campaign, Studio


class ProblemSide(models.TextChoices):
    """The three that work together; a problem's parties are two or three of them."""

    UNIT = "unit", _("the unit")
    STUDIO = "studio", _("the studio")
    STAFF = "staff", _("academic affairs")


class ProblemState(models.TextChoices):
    OPEN = "open", _("open")
    IN_WORK = "in_work", _("in work")
    SETTLED = "settled", _("settled")
    REOPENED = "reopened", _("reopened")


UNSETTLED = ("open", "in_work", "reopened")


class Problem(models.Model):
    """A thread on exactly one booking (or one shoot day of it), delivery or person.

    Units are parties through the subject. `studio` is the studio concerned, which reads along only while it holds a
    grant (`sessions.access`); a person's problem may be nobody's but the unit's and academic affairs'.
    """

    public_id = PublicIdField()
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="problems", verbose_name=_("campaign")
    )
    booking = models.ForeignKey(
        Booking, models.PROTECT, null=True, blank=True, related_name="problems", verbose_name=_("booking")
    )
    day = models.DateField(_("shoot day"), null=True, blank=True)
    delivery = models.ForeignKey(
        Delivery, models.PROTECT, null=True, blank=True, related_name="problems", verbose_name=_("delivery")
    )
    graduate = models.ForeignKey(
        Graduate, models.PROTECT, null=True, blank=True, related_name="problems", verbose_name=_("graduate")
    )
    studio = models.ForeignKey(
        Studio, models.PROTECT, null=True, blank=True, related_name="problems", verbose_name=_("studio")
    )
    title = models.CharField(_("title"), max_length=100)
    state = models.CharField(_("state"), max_length=10, choices=ProblemState, default=ProblemState.OPEN)
    raised_side = models.CharField(_("raised by the side"), max_length=8, choices=ProblemSide)
    raised_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("raised by"))
    raised_at = models.DateTimeField(_("raised"), default=clock.now)
    owner_side = models.CharField(_("side that owns it"), max_length=8, choices=ProblemSide)
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("person who owns it")
    )
    due = models.DateField(_("to be settled by"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)

    class Meta:
        verbose_name = _("problem")
        verbose_name_plural = _("problems")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(booking__isnull=False, delivery__isnull=True, graduate__isnull=True)
                | Q(booking__isnull=True, delivery__isnull=False, graduate__isnull=True)
                | Q(booking__isnull=True, delivery__isnull=True, graduate__isnull=False),
                name="problem_has_one_subject",
            ),
            models.CheckConstraint(
                condition=Q(day__isnull=True) | Q(booking__isnull=False), name="problem_day_is_a_shoots"
            ),
            models.CheckConstraint(
                condition=Q(graduate__isnull=False) | Q(studio__isnull=False), name="problem_names_its_studio"
            ),
            models.CheckConstraint(condition=Q(state__in=ProblemState.values), name="problem_state_known"),
            models.CheckConstraint(
                condition=Q(state="settled", settled_at__isnull=False)
                | (~Q(state="settled") & Q(settled_at__isnull=True)),
                name="problem_settled_has_time",
            ),
            models.CheckConstraint(
                condition=Q(raised_side__in=ProblemSide.values, owner_side__in=ProblemSide.values),
                name="problem_sides_known",
            ),
            models.CheckConstraint(
                condition=~Q(owner_side="studio") | Q(studio__isnull=False), name="problem_owner_is_a_party"
            ),
            models.CheckConstraint(condition=~Q(title=""), name="problem_has_title"),
        ]
        indexes = [models.Index(fields=["campaign", "state", "due"], name="problem_by_state")]

    def __str__(self) -> str:
        return self.title


class ProblemMessage(models.Model):
    """One step of the thread, with its words; the history (`Event`) has the steps without them."""

    problem = models.ForeignKey(Problem, models.PROTECT, related_name="messages", verbose_name=_("problem"))
    step = models.CharField(_("step"), max_length=12)
    side = models.CharField(_("side"), max_length=8, choices=ProblemSide)
    text = models.TextField(_("text"), blank=True)
    # To whom and until when, where the step says so: {"side", "person", "due"}.
    data = models.JSONField(default=dict, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), default=clock.now)

    class Meta:
        verbose_name = _("message about a problem")
        verbose_name_plural = _("messages about problems")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(side__in=ProblemSide.values), name="problem_message_side_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.problem} · {timezone.localtime(self.at):%Y-%m-%d %H:%M}"
