"""One year's collection: every number of the notice is a field here, because next year's may differ."""

import re
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.fields import EncryptedField, PublicIdField
from photocampus.models import User
from units.errors import CampaignClosed


class CampaignState(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    CLOSED = "closed", _("closed")


class IdentityMode(models.TextChoices):
    ID_CARD = "id_card", _("roster and ID card")
    CAPTURE_CODE = "capture_code", _("capture code")


def positive(name: str, *fields: str) -> models.CheckConstraint:
    condition = Q()
    for field in fields:
        condition &= Q(**{f"{field}__gt": 0})
    return models.CheckConstraint(condition=condition, name=name)


MOST_REMINDERS, EARLIEST_REMINDER = 5, 365


def read_days(text: object) -> list[int]:
    """`14, 3, 1` as numbers, the largest first; each once."""
    return sorted({int(number) for number in re.findall(r"\d{1,4}", str(text))}, reverse=True)


def check_days(text: str) -> None:
    parts = [part for part in re.split(r"[\s,;，、；]+", text.strip()) if part]
    days = read_days(" ".join(parts))
    if not days or not all(part.isdecimal() for part in parts) or len(days) > MOST_REMINDERS:
        raise ValidationError(
            _("Please enter up to %(most)d numbers of days, such as 14, 3, 1.") % {"most": MOST_REMINDERS}
        )
    if days[0] > EARLIEST_REMINDER:
        raise ValidationError(_("At most %(most)d days before.") % {"most": EARLIEST_REMINDER})


class Campaign(models.Model):
    """采集工作 of one year. All numbers of the notice, with the 2018 notice's as defaults."""

    code = models.CharField(
        _("code"),
        max_length=20,
        unique=True,
        validators=[RegexValidator(r"^[0-9A-Za-z][0-9A-Za-z-]*$", _("Letters, digits and hyphens only."))],
    )
    name = models.CharField(_("name"), max_length=100)
    state = models.CharField(
        _("state"), max_length=10, choices=CampaignState, default=CampaignState.DRAFT, editable=False
    )
    copied_from = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, verbose_name=_("copied from")
    )
    window_start = models.DateField(_("first day of shooting"))
    window_end = models.DateField(_("last day of shooting"))
    threshold = models.PositiveIntegerField(
        _("graduates from which a unit is photographed on site"), default=100
    )
    fee_group = models.DecimalField(
        _("fee in a group (yuan)"), max_digits=7, decimal_places=2, default=Decimal(20)
    )
    fee_single = models.DecimalField(
        _("fee alone (yuan)"), max_digits=7, decimal_places=2, default=Decimal(30)
    )
    prints_2in = models.PositiveSmallIntegerField(_("2-inch prints"), default=6)
    prints_1in = models.PositiveSmallIntegerField(_("1-inch prints"), default=4)
    includes_small = models.BooleanField(_("small image included"), default=True)
    includes_large = models.BooleanField(_("large image included"), default=True)
    identity_mode = models.CharField(
        _("identity mode"), max_length=20, choices=IdentityMode, default=IdentityMode.ID_CARD
    )
    scans_allowed = models.BooleanField(_("scans of prints allowed"), default=True)
    scan_min_dpi = models.PositiveIntegerField(_("lowest resolution of a scan (dpi)"), default=370)
    scan_print_width_mm = models.PositiveSmallIntegerField(_("width of a scanned print (mm)"), default=33)
    scan_print_height_mm = models.PositiveSmallIntegerField(_("height of a scanned print (mm)"), default=48)
    hold_days = models.PositiveSmallIntegerField(_("days for which unconfirmed hours are held"), default=5)
    offer_hours = models.PositiveSmallIntegerField(
        _("hours for which freed hours are offered to the next on the waiting list"), default=24
    )
    receipt_days = models.PositiveSmallIntegerField(
        _("working days until prints can be collected"), default=5
    )
    report_minutes = models.PositiveSmallIntegerField(_("minutes to report before the shoot"), default=15)
    reminder_days = models.CharField(
        _("days before a shoot to remind"),
        max_length=40,
        default="3",
        validators=[check_days],
        help_text=_("One number or several, such as 14, 3, 1: units and studio are reminded each time."),
    )
    dress = models.CharField(
        _("dress"),
        max_length=200,
        default="深色正装",
        help_text=_("Shown wherever people are sent to a shoot."),
    )
    bring = models.CharField(_("to bring"), max_length=200, default="本人身份证原件")
    room_area = models.DecimalField(
        _("room per crew (m²)"), max_digits=6, decimal_places=1, default=Decimal(30)
    )
    room_side = models.DecimalField(
        _("longest side of the room, at least (m)"), max_digits=5, decimal_places=1, default=Decimal(5)
    )
    room_doors = models.PositiveSmallIntegerField(_("doors of the room, preferably"), default=2)
    room_voltage = models.PositiveSmallIntegerField(_("voltage (V)"), default=220)
    room_power = models.DecimalField(
        _("power per crew (kW)"), max_digits=5, decimal_places=1, default=Decimal(5)
    )
    acknowledge_by = models.DateField(_("acknowledge the notice by"), null=True, blank=True)
    roster_by = models.DateField(_("roster complete by"), null=True, blank=True)
    sign_off_by = models.DateField(_("data signed off by"), null=True, blank=True)
    booking_by = models.DateField(_("booked by"), null=True, blank=True)
    acceptance_by = models.DateField(_("pictures accepted by"), null=True, blank=True)
    submission_by = models.DateField(_("submitted by"), null=True, blank=True)
    retention_until = models.DateField(
        _("keep personal data until"),
        null=True,
        blank=True,
        help_text=_("Afterwards the retention job removes them."),
    )
    is_demo = models.BooleanField(_("demonstration"), default=False, editable=False)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-window_start"]
        permissions = [("publish_campaign", _("Can publish and close campaigns"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(window_start__lte=F("window_end")), name="campaign_window_in_order"
            ),
            models.CheckConstraint(condition=Q(state__in=CampaignState.values), name="campaign_state_known"),
            models.CheckConstraint(
                condition=Q(identity_mode__in=IdentityMode.values), name="campaign_identity_mode_known"
            ),
            models.CheckConstraint(
                condition=Q(fee_group__gte=0, fee_single__gte=0), name="campaign_fees_not_negative"
            ),
            positive("campaign_numbers_positive", "threshold", "scan_min_dpi", "hold_days", "offer_hours"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if days := read_days(self.reminder_days):
            self.reminder_days = ", ".join(str(number) for number in days)

    @property
    def reminders(self) -> list[int]:
        """How many days before a shoot people are reminded of it, the largest number first."""
        return read_days(self.reminder_days) or [0]

    def contains(self, day: Any) -> bool:
        """R2: both ends of the window are included."""
        return self.window_start <= day <= self.window_end


class Term(models.Model):
    """毕业批次: a date on which people graduate, such as 2018-01 and 2018-07 (R1)."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="terms", verbose_name=_("campaign"))
    code = models.CharField(
        _("code"),
        max_length=7,
        validators=[RegexValidator(r"^\d{4}-\d{2}$", _("Year and month as in 2018-07."))],
    )
    graduation_date = models.DateField(_("date of graduation"))

    class Meta:
        verbose_name = _("term")
        verbose_name_plural = _("terms")
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["campaign", "code"], name="term_once_per_campaign")]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        """A closed campaign keeps its terms as they are."""
        if self.campaign_id and self.campaign.state == CampaignState.CLOSED:
            raise ValidationError(str(CampaignClosed(campaign=self.campaign)))


class ProfileName(models.TextChoices):
    SMALL = "small", _("small image")
    REGISTRATION = "registration", _("registration image")
    LARGE = "large", _("large image")


class ImageProfile(models.Model):
    """What a picture must be (design §4): an immutable, numbered version. A change is a new version."""

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="image_profiles", verbose_name=_("campaign")
    )
    name = models.CharField(_("name"), max_length=20, choices=ProfileName)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    width = models.PositiveIntegerField(_("width (px)"))
    height = models.PositiveIntegerField(_("height (px)"))
    min_bytes = models.PositiveIntegerField(_("smallest size (bytes)"), default=0)
    max_bytes = models.PositiveIntegerField(_("largest size (bytes)"), null=True, blank=True)
    min_quality = models.PositiveSmallIntegerField(_("lowest JPEG quality"), null=True, blank=True)
    dpi = models.PositiveIntegerField(_("resolution (dpi)"), default=300)
    backgrounds = models.JSONField(
        _("background colours"),
        default=list,
        blank=True,
        help_text=_("Red, green and blue, such as [[100,197,255]]."),
    )
    hairline_min = models.PositiveIntegerField(
        _("hairline from the top, at least (px)"), null=True, blank=True
    )
    hairline_max = models.PositiveIntegerField(
        _("hairline from the top, at most (px)"), null=True, blank=True
    )
    eyes_min = models.PositiveIntegerField(_("eyes from the top, at least (px)"), null=True, blank=True)
    eyes_max = models.PositiveIntegerField(_("eyes from the top, at most (px)"), null=True, blank=True)
    face_min = models.PositiveIntegerField(_("width of the face, at least (px)"), null=True, blank=True)
    face_max = models.PositiveIntegerField(_("width of the face, at most (px)"), null=True, blank=True)
    checks = models.JSONField(
        _("bounds of the checks"),
        default=dict,
        blank=True,
        help_text=_("Per check: bounds and severity, where they differ from the program's."),
    )
    source = models.CharField(_("source"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("image profile")
        verbose_name_plural = _("image profiles")
        ordering = ["campaign", "name", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "name", "version"], name="image_profile_version_once"
            ),
            models.CheckConstraint(condition=Q(name__in=ProfileName.values), name="image_profile_name_known"),
            models.CheckConstraint(
                condition=Q(max_bytes__isnull=True) | Q(max_bytes__gt=F("min_bytes")),
                name="image_profile_bytes_in_order",
            ),
            positive("image_profile_has_size", "width", "height", "dpi"),
        ]

    def __str__(self) -> str:
        return f"{self.get_name_display()} v{self.version}"

    def clean(self) -> None:
        """Colours, geometry and bounds of checks are refused where they are entered, not when a picture comes."""
        from units.profile_values import problems_of_profile

        if problems := problems_of_profile(self):
            raise ValidationError(problems)


class Notice(models.Model):
    """通知 of a campaign, in Markdown. Once published it is changed only by a new edition."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="notices", verbose_name=_("campaign"))
    edition = models.PositiveSmallIntegerField(_("edition"), default=1)
    document_number = models.CharField(_("document number"), max_length=60, blank=True)
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"), help_text=_("Markdown."))
    issuer = models.CharField(_("issuing office"), max_length=100)
    issued_on = models.DateField(_("date of issue"))
    published_at = models.DateTimeField(_("published at"), null=True, editable=False)
    published_by = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("published by")
    )

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["campaign", "-edition"]
        permissions = [("publish_notice", _("Can publish notices"))]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "edition"], name="notice_edition_once"),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True, published_by__isnull=True)
                | Q(published_at__isnull=False, published_by__isnull=False),
                name="notice_published_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.title


def attachment_name(instance: "NoticeAttachment", filename: str) -> str:
    return f"notices/{instance.public_id}"


class NoticeAttachment(models.Model):
    public_id = PublicIdField()
    notice = models.ForeignKey(Notice, models.PROTECT, related_name="attachments", verbose_name=_("notice"))
    file = models.FileField(_("file"), upload_to=attachment_name)
    name = models.CharField(_("name"), max_length=200)
    size = models.PositiveBigIntegerField(_("size"), default=0, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, editable=False)
    position = models.PositiveSmallIntegerField(_("position"), default=1)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class Acknowledgement(models.Model):
    """A unit has read the notice and names its contact person (N§1, 明确专人)."""

    notice = models.ForeignKey(
        Notice, models.PROTECT, related_name="acknowledgements", verbose_name=_("notice")
    )
    unit = models.ForeignKey(
        "units.Unit", models.PROTECT, related_name="acknowledgements", verbose_name=_("unit")
    )
    contact_name = models.CharField(_("contact person"), max_length=40)
    contact_phone = EncryptedField(_("telephone of the contact"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), default=clock.now)

    class Meta:
        verbose_name = _("acknowledgement")
        verbose_name_plural = _("acknowledgements")
        constraints = [models.UniqueConstraint(fields=["notice", "unit"], name="acknowledged_once")]

    def __str__(self) -> str:
        return f"{self.unit} {self.notice}"
