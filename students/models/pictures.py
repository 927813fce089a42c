"""Pictures, their renditions and findings, the decisions on them, and the files on their way in."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from photocampus import clock
from photocampus.fields import EncryptedField, PublicIdField
from photocampus.models import Job, User
from students.models.people import Enrolment, Graduate
from units.models import Campaign, ImageProfile, Studio, Unit


class RefusalCode(models.Model):
    """The catalogue of reasons why a picture is refused (design §4): data, extensible."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    group = models.CharField(_("group"), max_length=40)
    label_zh = models.CharField(_("Chinese label"), max_length=100)
    label_en = models.CharField(_("English label"), max_length=100)
    is_active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=100)

    class Meta:
        verbose_name = _("refusal code")
        verbose_name_plural = _("refusal codes")
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """In the reader's language."""
        from django.utils.translation import get_language

        return self.label_en if (get_language() or "").startswith("en") else self.label_zh


class Origin(models.TextChoices):
    ATTENDANCE = "attendance", _("taken at a shoot")
    SCAN = "scan", _("scanned print")
    STUDIO_FILE = "studio_file", _("finished by the studio")


def photo_name(instance: "Photo", filename: str) -> str:
    return f"photos/{instance.public_id[:2]}/{instance.public_id}"


class Photo(models.Model):
    """One picture of one enrolment, so that an early picture serves a later campaign."""

    public_id = PublicIdField()
    enrolment = models.ForeignKey(
        Enrolment, models.PROTECT, related_name="photos", verbose_name=_("enrolment")
    )
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="photos", verbose_name=_("taken in campaign")
    )
    studio = models.ForeignKey(Studio, models.PROTECT, related_name="photos", verbose_name=_("studio"))
    origin = models.CharField(_("origin"), max_length=12, choices=Origin)
    original = models.FileField(_("file"), upload_to=photo_name)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField(_("bytes"))
    width = models.PositiveIntegerField(_("width (px)"))
    height = models.PositiveIntegerField(_("height (px)"))
    format = models.CharField(_("format"), max_length=10)
    captured_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    # Some bits of a coarse grey picture (`students.looks`): finds one picture under two people, is compared for nothing else
    look = models.CharField(max_length=128, blank=True, default="", editable=False)
    checked_with = models.CharField(_("checked with"), max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("put in by"))
    created_at = models.DateTimeField(_("put in"), default=clock.now)
    # Filed under the wrong person by hand: the files went back to the tray, the row stays as history
    taken_back_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "sha256"],
                condition=Q(taken_back_at__isnull=True),
                name="photo_bytes_once_per_enrolment",
            ),
            models.CheckConstraint(condition=Q(origin__in=Origin.values), name="photo_origin_known"),
        ]
        indexes = [models.Index(fields=["sha256"], name="photo_by_hash")]

    def __str__(self) -> str:
        return f"#{self.pk}"


def rendition_name(instance: "Rendition", filename: str) -> str:
    photo, profile = instance.photo, instance.profile
    key = photo.public_id
    # An early picture serves a later campaign, whose versions are counted from one again.
    of_another = photo.campaign_id not in (None, profile.campaign_id)
    campaign = f"-{profile.campaign_id}" if of_another else ""
    return f"renditions/{key[:2]}/{key}{campaign}-{profile.name}-v{profile.version}.jpg"


class Rendition(models.Model):
    """A picture made to a profile's measure, or the studio's finished file where it fits (`is_studio_file`)."""

    photo = models.ForeignKey(Photo, models.PROTECT, related_name="renditions", verbose_name=_("photo"))
    profile = models.ForeignKey(
        ImageProfile, models.PROTECT, related_name="renditions", verbose_name=_("image profile")
    )
    file = models.FileField(_("file"), upload_to=rendition_name)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveIntegerField(_("bytes"))
    width = models.PositiveIntegerField(_("width (px)"))
    height = models.PositiveIntegerField(_("height (px)"))
    quality = models.FloatField(_("quality"), null=True)
    is_studio_file = models.BooleanField(_("the studio's file, unchanged"), default=False)
    made_with = models.CharField(_("made with"), max_length=80)
    created_at = models.DateTimeField(_("made"), default=clock.now)

    class Meta:
        verbose_name = _("rendition")
        verbose_name_plural = _("renditions")
        constraints = [
            models.UniqueConstraint(fields=["photo", "profile"], name="rendition_once_per_profile_version")
        ]

    def __str__(self) -> str:
        return f"{self.photo} {self.profile}"


class Severity(models.TextChoices):
    REFUSE = "refuse", _("must be refused")
    LOOK = "look", _("look at it")
    NOTE = "note", pgettext_lazy("severity", "note")


class Finding(models.Model):
    """What a check measured on a picture. Checks sort and warn; people decide."""

    photo = models.ForeignKey(Photo, models.PROTECT, related_name="findings", verbose_name=_("photo"))
    check_name = models.CharField(_("check"), max_length=40)
    code = models.CharField(_("code"), max_length=40, blank=True)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity)
    measure = models.FloatField(_("measured"), null=True)
    low = models.FloatField(_("lower bound"), null=True)
    high = models.FloatField(_("upper bound"), null=True)
    data = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ["photo", "id"]
        constraints = [
            models.UniqueConstraint(fields=["photo", "check_name"], name="finding_once_per_check"),
            models.CheckConstraint(condition=Q(severity__in=Severity.values), name="finding_severity_known"),
        ]
        indexes = [
            # A few among hundreds of thousands, looked through whenever a picture is replaced
            models.Index(
                fields=["check_name"], condition=Q(check_name="near_identical"), name="finding_near_identical"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_severity_display()} {self.photo}"


class Stage(models.TextChoices):
    ACCEPTANCE = "acceptance", _("acceptance by the unit")
    VERIFICATION = "verification", _("verification by academic affairs")
    CHSI = "chsi", _("CHSI's answer")


class Outcome(models.TextChoices):
    YES = "yes", _("yes")
    NO = "no", _("no")


class Decision(models.Model):
    """accepted / verified / passed, or not, with a code: each decision is a row, the current one is marked."""

    graduate = models.ForeignKey(
        Graduate, models.PROTECT, related_name="decisions", verbose_name=_("graduate")
    )
    photo = models.ForeignKey(Photo, models.PROTECT, related_name="decisions", verbose_name=_("photo"))
    stage = models.CharField(_("stage"), max_length=12, choices=Stage)
    outcome = models.CharField(_("outcome"), max_length=4, choices=Outcome)
    code = models.ForeignKey(
        RefusalCode, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("code")
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    is_current = models.BooleanField(_("in force"), default=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), default=clock.now)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["graduate", "stage"],
                condition=Q(is_current=True),
                name="decision_current_once_per_stage",
            ),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="decision_stage_known"),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="decision_outcome_known"),
            models.CheckConstraint(
                condition=Q(outcome="yes", code__isnull=True) | Q(outcome="no", code__isnull=False),
                name="decision_refusal_has_code",
            ),
        ]
        indexes = [models.Index(fields=["photo"], name="decision_on_photo")]

    def __str__(self) -> str:
        return f"{self.get_stage_display()} · {self.get_outcome_display()}"


class MatchMode(models.TextChoices):
    AUTO = "auto", _("automatic")
    STUDENT_NUMBER = "student_number", _("student number")
    ID_NUMBER = "id_number", _("ID number")
    SHOT_NUMBER = "shot_number", _("shot number")
    SEQUENCE = "sequence", _("order and time of capture")


class IngestBatch(models.Model):
    """What a studio put in in one go: an upload of files, a ZIP, or a folder by the command."""

    public_id = PublicIdField()
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="ingest_batches", verbose_name=_("campaign")
    )
    studio = models.ForeignKey(
        Studio, models.PROTECT, related_name="ingest_batches", verbose_name=_("studio")
    )
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="ingest_batches", verbose_name=_("unit")
    )
    match = models.CharField(_("matched by"), max_length=20, choices=MatchMode, default=MatchMode.AUTO)
    origin = models.CharField(_("origin"), max_length=12, choices=Origin, default=Origin.ATTENDANCE)
    # Where and when a card was shot whose frames are matched by their order
    station = models.CharField(_("station"), max_length=20, blank=True, default="")
    day = models.DateField(_("day"), null=True, blank=True)
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+", verbose_name=_("job"))
    source = EncryptedField(_("folder or archive on the server"), blank=True, default="")
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    created_at = models.DateTimeField(_("put in"), default=clock.now)

    class Meta:
        verbose_name = _("picture upload")
        verbose_name_plural = _("picture uploads")
        ordering = ["-id"]

    def __str__(self) -> str:
        return timezone.localtime(self.created_at).strftime("%Y-%m-%d %H:%M")


class IngestState(models.TextChoices):
    UPLOADING = "uploading", _("on its way")
    WAITING = "waiting", _("waiting")
    WORKING = "working", _("being read")
    UNPACKED = "unpacked", _("unpacked")
    HELD = "held", _("order to be confirmed")
    FILED = "filed", _("filed")
    KNOWN = "known", _("already there")
    TRAY = "tray", _("not matched")
    REFUSED = "refused", _("refused")
    DISCARDED = "discarded", _("discarded")


def incoming_name(instance: "IngestFile", filename: str) -> str:
    return f"incoming/{instance.public_id}"


def preview_name(instance: "IngestFile", filename: str) -> str:
    return f"incoming/{instance.public_id}-preview.jpg"


class IngestFile(models.Model):
    """One file of an upload. What cannot be matched or read stays here, in the tray, with the reason.

    A member of an archive has no file of its own until it lands in the tray; `member` is its place in the archive,
    which is another file of the batch or lies on the server (`IngestBatch.source`).
    """

    public_id = PublicIdField()
    batch = models.ForeignKey(
        IngestBatch, models.PROTECT, related_name="files", verbose_name=_("picture upload")
    )
    position = models.PositiveIntegerField(_("position"))
    name = EncryptedField(_("file name"))
    archive = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="members", verbose_name=_("archive")
    )
    member = models.PositiveIntegerField(_("place in the archive"), null=True, blank=True)
    file = models.FileField(_("file"), upload_to=incoming_name, blank=True)
    preview = models.FileField(_("preview"), upload_to=preview_name, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    size = models.PositiveBigIntegerField(_("bytes"), default=0)
    # A large file comes and stays in pieces of this size (`IngestPiece`), known by the hash over their hashes. 0: as one
    piece_bytes = models.PositiveIntegerField(default=0, editable=False)
    pieces_sha256 = models.CharField(max_length=64, blank=True, default="", editable=False)
    state = models.CharField(_("state"), max_length=10, choices=IngestState, default=IngestState.WAITING)
    job = models.ForeignKey(
        Job, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("job")
    )
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    assigned = models.ForeignKey(
        Graduate,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assigned by hand to"),
    )
    assigned_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("assigned by")
    )
    assigned_at = models.DateTimeField(_("assigned"), null=True, blank=True)
    # The public id of the photo that will be made of it, after an earlier one was taken back; else the file's own
    photo_key = models.CharField(max_length=24, blank=True, default="", editable=False)
    # Matched by order: the camera's clock, the class whose number card it shows, and the shot number it stands for
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    card = models.CharField(_("number card of class"), max_length=24, blank=True, default="")
    shot = models.CharField(_("shot number"), max_length=24, blank=True, default="")
    doubts = models.CharField(_("doubts"), max_length=60, blank=True, default="")
    is_pinned = models.BooleanField(_("shot number set by hand"), default=False)
    is_ordered = models.BooleanField(_("order confirmed"), default=False)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    reason_data = models.JSONField(default=dict, blank=True)
    photo = models.ForeignKey(
        Photo, models.PROTECT, null=True, blank=True, related_name="ingest_files", verbose_name=_("photo")
    )

    class Meta:
        verbose_name = _("incoming file")
        verbose_name_plural = _("incoming files")
        ordering = ["batch", "position"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="ingest_file_position_once"),
            models.CheckConstraint(condition=Q(state__in=IngestState.values), name="ingest_file_state_known"),
            models.CheckConstraint(
                condition=Q(state="filed", photo__isnull=False) | ~Q(state="filed"),
                name="ingest_file_filed_has_photo",
            ),
        ]
        indexes = [
            models.Index(fields=["batch", "state"], name="ingest_file_by_state"),
            models.Index(fields=["sha256"], name="ingest_file_by_hash"),
            models.Index(
                fields=["pieces_sha256"], condition=~Q(pieces_sha256=""), name="ingest_file_by_pieces"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.position}"

    @property
    def pieces_in_all(self) -> int:
        return -(-self.size // self.piece_bytes) if self.piece_bytes else 0


class IngestPiece(models.Model):
    """A piece of a large incoming file, an object of its own in the storage. It stays there until the file is settled.

    The row is written before the object, so that what a dead process leaves has an owner. Two attempts at the same piece
    write two objects; the first that arrives counts.
    """

    public_id = PublicIdField()
    file = models.ForeignKey(IngestFile, models.PROTECT, related_name="pieces", verbose_name=_("file"))
    number = models.PositiveIntegerField(_("number"))
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    has_arrived = models.BooleanField(_("arrived"), default=False)
    created_at = models.DateTimeField(_("put in"), default=timezone.now)

    class Meta:
        verbose_name = _("piece of an incoming file")
        verbose_name_plural = _("pieces of incoming files")
        ordering = ["file", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["file", "number"], condition=Q(has_arrived=True), name="ingest_piece_arrives_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.file} / {self.number}"

    @property
    def stored_name(self) -> str:
        return f"incoming/{self.public_id}-piece"
