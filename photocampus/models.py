"""The school, its users, and the three logs: what changed, who saw what, what is being worked on."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from photocampus import clock
from photocampus.fields import EncryptedField, PublicIdField


class School(models.Model):
    """The one school that this portal serves; `demo_date` is set while it holds the demonstration."""

    singleton = models.BooleanField(default=True, unique=True, editable=False)
    code = models.CharField(
        _("school code"),
        max_length=5,
        validators=[RegexValidator(r"^\d{5}$", _("The school code has five digits."))],
        help_text=_("The five digits by which the Ministry of Education knows the school (YXDM)."),
    )
    name = models.CharField(_("school name"), max_length=20)
    demo_date = models.DateField(_("date of the demonstration"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("school")
        verbose_name_plural = _("school")
        constraints = [
            models.CheckConstraint(condition=Q(singleton=True), name="school_only_one"),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    STAFF = "staff", _("academic affairs")
    UNIT = "unit", _("unit coordinator")
    STUDIO = "studio", _("studio staff")


class MailChoice(models.TextChoices):
    NOW = "now", _("at once")
    DAILY = "daily", _("once a day")
    NONE = "none", _("never")


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(username, password, **{"role": Role.STAFF, "is_superuser": True, **fields})


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who logs in. Never deleted, only deactivated: the history keeps its names."""

    username = models.CharField(
        _("user name"),
        max_length=60,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": _("This user name is taken.")},
    )
    name = models.CharField(pgettext_lazy("person", "name"), max_length=40)
    role = models.CharField(_("role"), max_length=10, choices=Role)
    phone = EncryptedField(_("telephone"), default="", blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    mail_choice = models.CharField(
        _("news by e-mail"), max_length=5, choices=MailChoice, default=MailChoice.NOW
    )
    language = models.CharField(
        _("language of mails"), max_length=7, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )
    is_active = models.BooleanField(_("active"), default=True)
    must_change_password = models.BooleanField(_("must change the password"), default=False)
    is_demo = models.BooleanField(_("demonstration"), default=False, editable=False)
    date_joined = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["username"]
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="user_role_known"),
            models.CheckConstraint(
                condition=Q(mail_choice__in=MailChoice.values), name="user_mail_choice_known"
            ),
            models.CheckConstraint(
                condition=Q(is_superuser=False) | Q(role=Role.STAFF), name="user_superuser_is_staff"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    @property
    def is_staff(self) -> bool:
        """Only academic affairs enter the admin site."""
        return self.role == Role.STAFF

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name


class Event(models.Model):
    """One change of state: who, when, what, from, to, why, in which request. Append-only in the database."""

    subject_type = models.CharField(_("kind of object"), max_length=60)
    subject_id = models.BigIntegerField(_("object"))
    kind = models.CharField(_("event"), max_length=60)
    old = models.CharField(_("before"), max_length=200, blank=True)
    new = models.CharField(_("after"), max_length=200, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    data = models.JSONField(_("details"), default=dict, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="events", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), default=clock.now)
    request_id = models.CharField(_("request"), max_length=24, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="event_history_of_subject"),
            models.Index(fields=["kind", "at"], name="event_by_kind"),
        ]

    def __str__(self) -> str:
        from photocampus.event_words import word_of

        return word_of(self.kind, self.subject_type, self.new)


class AccessLog(models.Model):
    """Who saw, exported or took what. Append-only in the database (design §5)."""

    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="access_logs", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), default=clock.now)
    action = models.CharField(_("action"), max_length=40)
    subject_type = models.CharField(_("kind of object"), max_length=60, blank=True)
    subject_id = models.BigIntegerField(_("object"), null=True)
    label = models.CharField(_("what"), max_length=200, blank=True)
    purpose = models.CharField(_("purpose"), max_length=200, blank=True)
    rows = models.PositiveIntegerField(_("people"), default=0)
    full = models.BooleanField(_("full numbers"), default=False)
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    request_id = models.CharField(_("request"), max_length=24, blank=True)

    class Meta:
        verbose_name = _("access log entry")
        verbose_name_plural = _("access log")
        ordering = ["-id"]
        indexes = [models.Index(fields=["subject_type", "subject_id", "id"], name="access_to_subject")]

    def __str__(self) -> str:
        from photocampus.access_words import word_of_action

        return f"{word_of_action(self.action)} #{self.pk}"


class JobState(models.TextChoices):
    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", pgettext_lazy("job", "failed")
    CANCELLED = "cancelled", _("cancelled")


class Job(models.Model):
    """A long piece of work that people can watch. The queue only carries the call; this row is the truth.

    Whoever holds the lease works; a worker that dies loses it, and the next goes on from the last committed
    piece. Lease times are real time, not the demonstration's. `args` holds ids, never a person's data.
    """

    public_id = PublicIdField()
    kind = models.CharField(_("kind"), max_length=60)
    label = models.CharField(_("about"), max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="jobs", verbose_name=_("started by"))
    args = models.JSONField(_("details"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=JobState, default=JobState.QUEUED)
    done = models.PositiveIntegerField(_("done so far"), default=0)
    total = models.PositiveIntegerField(_("in all"), default=0)
    note = models.CharField(_("now"), max_length=200, blank=True)
    result = models.JSONField(_("result"), default=dict, blank=True)
    error_code = models.CharField(_("error code"), max_length=40, blank=True)
    error = models.TextField(_("error"), blank=True)
    url = models.CharField(
        _("page of the result"), max_length=200, blank=True, help_text=_("Where the result is shown.")
    )
    created_at = models.DateTimeField(_("asked for"), default=timezone.now)
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    worker = models.CharField(_("worker"), max_length=80, blank=True)
    lease_until = models.DateTimeField(_("held by the worker until"), null=True)
    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    cancel_requested_at = models.DateTimeField(_("asked to stop at"), null=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="job_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at__isnull=True)
                | Q(state__in=["done", "failed", "cancelled"], finished_at__isnull=False),
                name="job_finished_when_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "lease_until"], name="job_open_by_lease"),
            models.Index(fields=["by", "-id"], name="job_of_user"),
        ]

    def __str__(self) -> str:
        return self.label or f"#{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in (JobState.QUEUED, JobState.RUNNING)

    @property
    def percent(self) -> int:
        return min(100, 100 * self.done // self.total) if self.total else 0


class WorkerBeat(models.Model):
    """When a worker was last seen alive; read by `/healthz`."""

    worker = models.CharField(_("worker"), max_length=80, unique=True)
    at = models.DateTimeField(_("last seen at"), default=timezone.now)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")

    def __str__(self) -> str:
        return self.worker


class Untold(models.Model):
    """An event of which those whom it concerns were not told yet: written with it, gone when they are (`told`)."""

    event = models.OneToOneField(Event, models.PROTECT, related_name="untold", verbose_name=_("event"))
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)

    class Meta:
        verbose_name = _("event not told yet")
        verbose_name_plural = _("events not told yet")

    def __str__(self) -> str:
        return str(self.event)


class MailState(models.TextChoices):
    NONE = "none", _("no mail")
    DUE = "due", pgettext_lazy("mail", "due")
    SENT = "sent", pgettext_lazy("mail", "sent")
    GIVEN_UP = "given_up", pgettext_lazy("mail", "given up")


class Notification(models.Model):
    """One person is told of one event: the facts of a sentence, and a link. No personal data of graduates.

    The sentence itself belongs to the rule (`told`), so that it appears in the reader's language.
    """

    public_id = PublicIdField()
    user = models.ForeignKey(User, models.PROTECT, related_name="notifications", verbose_name=_("for"))
    event = models.ForeignKey(Event, models.PROTECT, related_name="notifications", verbose_name=_("event"))
    facts = models.JSONField(_("details"), default=dict, blank=True)
    url = models.CharField(_("link"), max_length=300, blank=True)
    at = models.DateTimeField(_("when"), default=clock.now)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    mail_state = models.CharField(_("mail"), max_length=8, choices=MailState, default=MailState.NONE)
    mail_after = models.DateTimeField(_("mail not before"), null=True, blank=True)
    mail_tries = models.PositiveSmallIntegerField(_("tries"), default=0)

    class Meta:
        verbose_name = _("message to a person")
        verbose_name_plural = _("messages to people")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["event", "user"], name="told_once"),
            models.CheckConstraint(
                condition=Q(mail_state__in=MailState.values), name="told_mail_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(mail_state="due") | Q(mail_after__isnull=False), name="told_mail_due_has_time"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="told_to_user"),
            models.Index(fields=["user"], condition=Q(read_at=None), name="told_and_unread"),
            models.Index(fields=["mail_after"], condition=Q(mail_state="due"), name="told_mail_due"),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.user}"


class Reminded(models.Model):
    """A reminder that was written once, under a key that says of what and when; nobody writes it a second time."""

    key = models.CharField(_("reminder"), max_length=120, unique=True)

    class Meta:
        verbose_name = _("reminder written")
        verbose_name_plural = _("reminders written")

    def __str__(self) -> str:
        return f"#{self.pk}"


class Chore(models.Model):
    """When a regular piece of work is due next; whoever moves `due_at` on does it (`chores`). Real time."""

    name = models.CharField(_("regular work"), max_length=60, unique=True)
    due_at = models.DateTimeField(_("due at"), default=timezone.now)

    class Meta:
        verbose_name = _("regular work")
        verbose_name_plural = _("regular work")

    def __str__(self) -> str:
        from photocampus.chores import title_of_chore

        return title_of_chore(self.name)


class CalendarFeed(models.Model):
    """The secret address under which a person's shoots can be subscribed to. Only the token's digest is kept."""

    user = models.OneToOneField(User, models.PROTECT, related_name="calendar_feed", verbose_name=_("user"))
    digest = models.CharField("SHA-256", max_length=64, unique=True)
    made_at = models.DateTimeField(_("made"), default=clock.now)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("calendar address")
        verbose_name_plural = _("calendar addresses")

    def __str__(self) -> str:
        return str(self.user)
