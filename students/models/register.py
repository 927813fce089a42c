"""What colleges hand over to academic affairs, and what goes to CHSI."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.fields import EncryptedField, PublicIdField
from photocampus.models import Job, User
from students.chsi_columns import fields_from_profile, is_dbf_name
from students.models.people import Graduate
from students.models.pictures import Photo, RefusalCode, Rendition
from units.models import Campaign, Studio, Term, Unit


class SubmissionState(models.TextChoices):
    SUBMITTED = "submitted", _("submitted")
    VERIFIED = "verified", _("verified")
    RETURNED = "returned", _("returned")
    WITHDRAWN = "withdrawn", _("withdrawn")


class Submission(models.Model):
    """A college's hand-over of accepted images, numbered per college and term; a later one adds people (R7)."""

    public_id = PublicIdField()
    college = models.ForeignKey(Unit, models.PROTECT, related_name="submissions", verbose_name=_("college"))
    term = models.ForeignKey(Term, models.PROTECT, related_name="submissions", verbose_name=_("term"))
    number = models.PositiveIntegerField(_("number"))
    state = models.CharField(
        _("state"), max_length=10, choices=SubmissionState, default=SubmissionState.SUBMITTED
    )
    by = models.ForeignKey(User, models.PROTECT, related_name="submissions", verbose_name=_("by"))
    at = models.DateTimeField(_("submitted at"), default=clock.now)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["college", "term", "number"], name="submission_number_once"),
            models.CheckConstraint(
                condition=Q(state__in=SubmissionState.values), name="submission_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.college} {self.term} #{self.number}"


class ItemState(models.TextChoices):
    SUBMITTED = "submitted", _("submitted")
    VERIFIED = "verified", _("verified")
    RETURNED = "returned", _("returned")
    WITHDRAWN = "withdrawn", _("withdrawn")


class SubmissionItem(models.Model):
    """One graduate's image in a submission. Nobody is in two open ones."""

    submission = models.ForeignKey(
        Submission, models.PROTECT, related_name="items", verbose_name=_("submission")
    )
    graduate = models.ForeignKey(
        Graduate, models.PROTECT, related_name="submission_items", verbose_name=_("graduate")
    )
    photo = models.ForeignKey(Photo, models.PROTECT, related_name="submission_items", verbose_name=_("photo"))
    rendition = models.ForeignKey(
        Rendition, models.PROTECT, related_name="submission_items", verbose_name=_("small image")
    )
    state = models.CharField(_("state"), max_length=10, choices=ItemState, default=ItemState.SUBMITTED)
    code = models.ForeignKey(
        RefusalCode, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("code")
    )

    class Meta:
        verbose_name = _("submitted image")
        verbose_name_plural = _("submitted images")
        ordering = ["submission", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["graduate"],
                condition=Q(state__in=["submitted", "verified"]),
                name="graduate_in_one_open_submission",
            ),
            models.UniqueConstraint(fields=["submission", "graduate"], name="graduate_once_per_submission"),
            models.CheckConstraint(
                condition=Q(state__in=ItemState.values), name="submission_item_state_known"
            ),
        ]

    def __str__(self) -> str:
        return str(self.graduate)


class ExportProfile(models.Model):
    """Which columns a batch has, in which order and under which names: templates change from year to year."""

    name = models.SlugField(_("name"), max_length=40, unique=True)
    title = models.CharField(_("title"), max_length=100)
    columns = models.JSONField(
        _("columns"),
        help_text=_('List of column names; {"name": …, "heading": …, "width": …} where a template differs.'),
    )
    write_xlsx = models.BooleanField(_("XLSX"), default=True)
    write_dbf = models.BooleanField(_("DBF"), default=True)
    image_name = models.CharField(
        _("name of an image"),
        max_length=20,
        choices=[
            ("student_number", _("student number")),
            ("id_number", _("ID number")),
            ("candidate_number", _("candidate number")),
        ],
        default="student_number",
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("export profile")
        verbose_name_plural = _("export profiles")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Refuse columns from which no file can be made, before a batch stumbles over them."""
        try:
            fields = fields_from_profile(self.columns)
        except (AttributeError, TypeError):
            raise ValidationError(
                {"columns": _("Give a list of columns, as in the profile of the program.")}
            ) from None
        except ValueError as error:
            raise ValidationError({"columns": str(error)}) from None
        if self.write_dbf and not all(is_dbf_name(field.heading) for field in fields):
            message = _("Field names of a DBF file are 1 to 10 letters of ASCII.")
            raise ValidationError({"columns": message})
        if not (self.write_xlsx or self.write_dbf):
            raise ValidationError({"write_xlsx": _("A batch needs a list as XLSX, as DBF, or both.")})


class Channel(models.TextChoices):
    ACADEMIC_AFFAIRS = "academic_affairs", _("academic affairs")
    STUDIO = "studio", _("studio")


class BatchState(models.TextChoices):
    BUILDING = "building", _("being built")
    FROZEN = "frozen", _("frozen")
    REPORTED = "reported", _("reported")
    ANSWERED = "answered", _("answered")
    FAILED = "failed", _("given up")


class ExportBatch(models.Model):
    """What goes to CHSI in one go: frozen, numbered per campaign, reproducible to the byte (R7).

    The number is given when it is certain that there will be files. `layout` is the profile as it was then,
    `problems` names who cannot be reported and why (no values).
    """

    public_id = PublicIdField()
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="export_batches", verbose_name=_("campaign")
    )
    number = models.PositiveIntegerField(_("number"), null=True)
    profile = models.ForeignKey(
        ExportProfile, models.PROTECT, related_name="batches", verbose_name=_("export profile")
    )
    layout = models.JSONField(default=dict, editable=False)
    leave_out = models.BooleanField(_("leave out who cannot be reported"), default=False)
    problems = models.JSONField(_("cannot be reported"), default=list, editable=False)
    channel = models.CharField(_("channel"), max_length=20, choices=Channel, default=Channel.ACADEMIC_AFFAIRS)
    studio = models.ForeignKey(
        Studio, models.PROTECT, null=True, blank=True, related_name="export_batches", verbose_name=_("studio")
    )
    state = models.CharField(_("state"), max_length=10, choices=BatchState, default=BatchState.BUILDING)
    people = models.PositiveIntegerField(_("people"), default=0)
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+", verbose_name=_("job"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("built by"))
    created_at = models.DateTimeField(_("created"), default=clock.now)
    frozen_at = models.DateTimeField(_("frozen at"), null=True)
    reported_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("reported by")
    )
    reported_at = models.DateTimeField(_("reported at"), null=True, blank=True)

    class Meta:
        verbose_name = _("CHSI batch")
        verbose_name_plural = _("CHSI batches")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="batch_number_once"),
            models.UniqueConstraint(
                fields=["campaign"], condition=Q(state="building"), name="batch_built_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(state__in=BatchState.values), name="batch_state_known"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="batch_channel_known"),
            models.CheckConstraint(
                condition=Q(number__isnull=False) | Q(state__in=["building", "failed"]),
                name="batch_frozen_with_number",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign.code}-{self.number or '?'}"


class BatchFile(models.Model):
    """A file of a batch, downloaded byte by byte until retention ends; name, hash and size stay for ever."""

    public_id = PublicIdField()
    batch = models.ForeignKey(ExportBatch, models.PROTECT, related_name="files", verbose_name=_("CHSI batch"))
    name = models.CharField(_("name"), max_length=100)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    size = models.PositiveBigIntegerField(_("bytes"), default=0)

    class Meta:
        verbose_name = _("file of a batch")
        verbose_name_plural = _("files of a batch")
        ordering = ["batch", "id"]
        constraints = [models.UniqueConstraint(fields=["batch", "name"], name="batch_file_name_once")]

    def __str__(self) -> str:
        return self.name


class PartKind(models.TextChoices):
    IMAGES = "images", _("images")
    MANIFEST = "manifest", _("list")
    DIRECTORY = "directory", _("directory")


class BatchPart(models.Model):
    """A few megabytes of a batch's file, encrypted in storage; the parts in their order are the file."""

    file = models.ForeignKey(
        BatchFile, models.PROTECT, related_name="parts", verbose_name=_("file of a batch")
    )
    position = models.PositiveIntegerField(_("position"))
    kind = models.CharField(_("kind"), max_length=10, choices=PartKind)
    sealed = models.FileField(_("file"), max_length=200)
    size = models.PositiveBigIntegerField(_("bytes"))

    class Meta:
        verbose_name = _("part of a file")
        verbose_name_plural = _("parts of a file")
        ordering = ["file", "position"]
        constraints = [
            models.UniqueConstraint(fields=["file", "position"], name="batch_part_position_once"),
            models.CheckConstraint(condition=Q(kind__in=PartKind.values), name="batch_part_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.file_id}:{self.position}"


class Answer(models.TextChoices):
    NONE = "none", _("no answer yet")
    PASSED = "passed", _("passed")
    FAILED = "failed", _("failed")
    UNCERTAIN = "uncertain", _("uncertain")
    ABNORMAL = "abnormal", _("abnormal")
    IMAGE_REFUSED = "image_refused", _("image refused")


class ExportRow(models.Model):
    """One person in a batch: the frozen values (encrypted) and CHSI's answer. In one live batch at a time."""

    batch = models.ForeignKey(ExportBatch, models.PROTECT, related_name="rows", verbose_name=_("CHSI batch"))
    line = models.PositiveIntegerField(_("line"))
    graduate = models.ForeignKey(
        Graduate, models.PROTECT, related_name="export_rows", verbose_name=_("graduate")
    )
    photo = models.ForeignKey(Photo, models.PROTECT, related_name="export_rows", verbose_name=_("photo"))
    rendition = models.ForeignKey(
        Rendition, models.PROTECT, related_name="export_rows", verbose_name=_("small image")
    )
    values = EncryptedField(_("values"))
    image_sha256 = models.CharField(_("SHA-256 of the image"), max_length=64)
    is_live = models.BooleanField(_("live"), default=True)
    answer = models.CharField(_("answer of the register"), max_length=15, choices=Answer, default=Answer.NONE)
    answer_code = models.ForeignKey(
        RefusalCode, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("code")
    )
    answer_text = models.CharField(_("remark"), max_length=200, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True)

    class Meta:
        verbose_name = _("person in a batch")
        verbose_name_plural = _("people in a batch")
        ordering = ["batch", "line"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "line"], name="export_row_line_once"),
            models.UniqueConstraint(fields=["batch", "graduate"], name="graduate_once_per_batch"),
            models.UniqueConstraint(
                fields=["graduate"], condition=Q(is_live=True), name="graduate_in_one_live_batch"
            ),
            models.CheckConstraint(condition=Q(answer__in=Answer.values), name="export_row_answer_known"),
        ]

    def __str__(self) -> str:
        return f"{self.batch} / {self.line}"


class AnswerState(models.TextChoices):
    PREVIEWED = "previewed", _("ready to apply")
    APPLIED = "applied", _("applied")
    DISCARDED = "discarded", _("discarded")


def answer_file_name(instance: "AnswerFile", filename: str) -> str:
    return f"answers/{instance.public_id}"


class AnswerFile(models.Model):
    """A file in which the register answers a batch, sealed in storage between the preview and its use."""

    public_id = PublicIdField()
    batch = models.ForeignKey(
        ExportBatch, models.PROTECT, related_name="answers", verbose_name=_("CHSI batch")
    )
    sealed = models.FileField(_("file"), upload_to=answer_file_name)
    file_name = EncryptedField(_("file name"), default="")
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField(_("bytes"))
    state = models.CharField(_("state"), max_length=10, choices=AnswerState, default=AnswerState.PREVIEWED)
    counts = models.JSONField(_("counts"), default=dict, editable=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("uploaded"), default=clock.now)
    applied_at = models.DateTimeField(_("applied at"), null=True)

    class Meta:
        verbose_name = _("answer of the register")
        verbose_name_plural = _("answers of the register")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=AnswerState.values), name="answer_file_state_known")
        ]

    def __str__(self) -> str:
        return timezone.localtime(self.at).strftime("%Y-%m-%d %H:%M")
