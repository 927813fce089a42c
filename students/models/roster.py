"""A roster file on its way in: staged row by row, shown, applied, and undone."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.fields import EncryptedField, PublicIdField
from photocampus.models import Job, User
from students.models.people import Graduate, RosterState
from units.models import Campaign, Unit


class Completeness(models.TextChoices):
    UNIT = "unit", _("complete for the unit")
    CLASSES = "classes", _("complete for the classes in it")
    ADDS = "adds", _("only adds and changes")


class UploadState(models.TextChoices):
    READING = "reading", _("being read")
    PREVIEWED = "previewed", _("ready to apply")
    APPLYING = "applying", _("being applied")
    APPLIED = "applied", _("applied")
    UNDONE = "undone", _("undone")
    DISCARDED = "discarded", _("discarded")
    FAILED = "failed", _("unreadable")


class RowKind(models.TextChoices):
    NEW = "new", _("new")
    CHANGED = "changed", _("changed")
    UNCHANGED = "unchanged", _("unchanged")
    GONE = "gone", _("gone")
    REFUSED = "refused", _("refused")


def staged_name(instance: "RosterUpload", filename: str) -> str:
    return f"staged/{instance.public_id}"


class RosterUpload(models.Model):
    """One file. Its bytes lie encrypted in storage until it is discarded or the retention job takes them."""

    public_id = PublicIdField()
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="roster_uploads", verbose_name=_("campaign")
    )
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="roster_uploads", verbose_name=_("unit")
    )
    file = models.FileField(_("file"), upload_to=staged_name)
    file_name = EncryptedField(_("file name"))
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField(_("size"), default=0)
    completeness = models.CharField(
        _("completeness"), max_length=10, choices=Completeness, default=Completeness.ADDS
    )
    state = models.CharField(_("state"), max_length=12, choices=UploadState, default=UploadState.READING)
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+", verbose_name=_("job"))
    counts = models.JSONField(_("counts"), default=dict)
    error = models.TextField(_("error"), blank=True)
    # What the refused rows' download needs to look like the file: its kind and its headings.
    layout = EncryptedField(default="")
    # Lines up to here are staged; a job that takes over goes on after it.
    read_line = models.PositiveIntegerField(_("lines read"), default=0)
    # How often the file was compared with the roster; a preview that went stale is compared again.
    revision = models.PositiveIntegerField(_("comparisons with the roster"), default=0)
    by = models.ForeignKey(User, models.PROTECT, related_name="roster_uploads", verbose_name=_("by"))
    created_at = models.DateTimeField(_("uploaded"), default=clock.now)
    applied_at = models.DateTimeField(_("applied at"), null=True)
    undone_at = models.DateTimeField(_("undone at"), null=True)

    class Meta:
        verbose_name = _("roster upload")
        verbose_name_plural = _("roster uploads")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=UploadState.values), name="roster_upload_state_known"
            ),
            models.CheckConstraint(
                condition=Q(completeness__in=Completeness.values), name="roster_upload_completeness_known"
            ),
        ]

    def __str__(self) -> str:
        return timezone.localtime(self.created_at).strftime("%Y-%m-%d %H:%M")


class RosterRow(models.Model):
    """One line of the file and what it means; a graduate missing from a complete file gets a line beyond its end.

    `payload` is encrypted JSON: values, what stood there before, findings. `fate` and `fate_reason` are what people
    decided about a graduate who is gone; without them nothing happens to that graduate.
    """

    upload = models.ForeignKey(
        RosterUpload, models.PROTECT, related_name="rows", db_index=False, verbose_name=_("roster upload")
    )
    line = models.PositiveIntegerField(_("line"))
    kind = models.CharField(_("kind"), max_length=10, choices=RowKind)
    tags = models.JSONField(_("named as"), default=list)
    payload = EncryptedField()
    # No constraint in the database: a preview may name a graduate whom an undo takes away again.
    graduate = models.ForeignKey(
        Graduate, models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    fate = models.CharField(_("means"), max_length=12, choices=RosterState, blank=True)
    fate_reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("roster row")
        verbose_name_plural = _("roster rows")
        ordering = ["upload", "line"]
        constraints = [
            models.UniqueConstraint(fields=["upload", "line"], name="roster_row_line_once"),
            models.CheckConstraint(condition=Q(kind__in=RowKind.values), name="roster_row_kind_known"),
            models.CheckConstraint(
                condition=Q(fate="")
                | Q(kind="gone", fate__in=["left", "deferred", "transferred"]) & ~Q(fate_reason=""),
                name="roster_row_fate_has_reason",
            ),
        ]
        indexes = [models.Index(fields=["upload", "kind", "line"], name="roster_row_by_kind")]

    def __str__(self) -> str:
        return f"{self.upload_id}:{self.line}"
