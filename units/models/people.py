"""Units and studios, and who belongs to them."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.models import User
from units.models.campaigns import Campaign

code_validator = RegexValidator(r"^[0-9A-Za-z][0-9A-Za-z-]*$", _("Letters, digits and hyphens only."))


class UnitKind(models.TextChoices):
    COLLEGE = "college", _("college")
    ADMISSIONS = "admissions", _("admissions unit")


class Unit(models.Model):
    """学院 or 招生单位. An admissions unit shoots its people; its college collects, keeps and submits (N§2.2, N§2.4)."""

    code = models.CharField(_("code"), max_length=20, unique=True, validators=[code_validator])
    name = models.CharField(_("name"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=UnitKind, default=UnitKind.COLLEGE)
    college = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="admissions_units",
        verbose_name=_("its college"),
        help_text=_("The college that submits for this admissions unit."),
    )
    campus = models.CharField(_("campus"), max_length=60, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=UnitKind.values), name="unit_kind_known"),
            models.CheckConstraint(
                condition=Q(kind="college", college__isnull=True)
                | Q(kind="admissions", college__isnull=False),
                name="unit_admissions_has_college",
            ),
            models.CheckConstraint(
                condition=Q(college__isnull=True) | ~Q(college=F("id")), name="unit_not_its_own_college"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def submitting_college_id(self) -> int:
        """Who submits this unit's people: itself, or the admissions unit's college."""
        return self.college_id or self.pk


class Membership(models.Model):
    """A coordinator of a unit, from `since` until `ended_at`; a successor takes over what is open."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships", verbose_name=_("user"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="memberships", verbose_name=_("unit"))
    since = models.DateTimeField(_("since"), default=clock.now)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("coordinator")
        verbose_name_plural = _("coordinators")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "unit"], condition=Q(ended_at__isnull=True), name="membership_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.unit}"


class Studio(models.Model):
    """拍摄公司. Address, way there and telephone stand on every page and paper that sends people to it (R13)."""

    code = models.CharField(_("code"), max_length=20, unique=True, validators=[code_validator])
    name = models.CharField(_("name"), max_length=100, unique=True)
    short_name = models.CharField(_("short name"), max_length=30)
    address = models.CharField(_("address"), max_length=200)
    directions = models.CharField(_("way there"), max_length=300, blank=True)
    phone = models.CharField(_("telephone"), max_length=60, help_text=_("Public telephone of the studio."))
    contact_name = models.CharField(_("contact person"), max_length=40, blank=True)
    payee = models.CharField(_("fees are paid to"), max_length=100, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("studio")
        verbose_name_plural = _("studios")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class StudioMembership(models.Model):
    user = models.ForeignKey(User, models.PROTECT, related_name="studio_memberships", verbose_name=_("user"))
    studio = models.ForeignKey(Studio, models.PROTECT, related_name="memberships", verbose_name=_("studio"))
    since = models.DateTimeField(_("since"), default=clock.now)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("studio staff")
        verbose_name_plural = _("studio staff")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "studio"],
                condition=Q(ended_at__isnull=True),
                name="studio_membership_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.studio}"


class Contract(models.Model):
    """A studio's contract for one campaign; only a contracted studio takes and delivers pictures (R11)."""

    studio = models.ForeignKey(Studio, models.PROTECT, related_name="contracts", verbose_name=_("studio"))
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="contracts", verbose_name=_("campaign")
    )
    number = models.CharField(_("contract number"), max_length=60, blank=True)
    signed_on = models.DateField(_("signed on"), null=True, blank=True)

    class Meta:
        verbose_name = _("contract")
        verbose_name_plural = _("contracts")
        constraints = [
            models.UniqueConstraint(fields=["studio", "campaign"], name="contract_once_per_campaign")
        ]

    def __str__(self) -> str:
        return f"{self.studio} – {self.campaign}"


class StudioGrant(models.Model):
    """A studio may see one unit's people in one campaign: given by a confirmed booking, ended with the campaign."""

    studio = models.ForeignKey(Studio, models.PROTECT, related_name="grants", verbose_name=_("studio"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="grants", verbose_name=_("unit"))
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="grants", verbose_name=_("campaign"))
    given_at = models.DateTimeField(_("given"), default=clock.now)
    given_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("given by"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("studio grant")
        verbose_name_plural = _("studio grants")
        constraints = [
            models.UniqueConstraint(
                fields=["studio", "unit", "campaign"],
                condition=Q(ended_at__isnull=True),
                name="studio_grant_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.studio} – {self.unit} – {self.campaign}"


class Urging(models.Model):
    """Academic affairs reminded this unit of a deadline (催办): once a day at most. `deadline` is a field of the campaign."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="urgings", verbose_name=_("campaign"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="urgings", verbose_name=_("unit"))
    deadline = models.CharField(_("deadline"), max_length=30)
    day = models.DateField(_("day"))
    missing = models.PositiveIntegerField(_("still open"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), default=clock.now)

    class Meta:
        verbose_name = _("reminder of a unit")
        verbose_name_plural = _("reminders of units")
        constraints = [
            models.UniqueConstraint(fields=["campaign", "unit", "deadline", "day"], name="urged_once_a_day"),
            models.CheckConstraint(condition=Q(missing__gt=0), name="urged_for_something"),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.day}"
