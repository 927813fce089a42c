"""A person, the person's study at one level, and that study's place in one campaign."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from photocampus import clock
from photocampus.fields import EncryptedField, PublicIdField, new_token
from photocampus.models import User
from units.models import Campaign, Term, Unit


class Gender(models.TextChoices):
    MALE = "M", _("male")
    FEMALE = "F", _("female")


class IdType(models.TextChoices):
    ID_CARD = "id_card", _("resident identity card")
    RESIDENCE_PERMIT = "residence_permit", _("residence permit for Hong Kong, Macao and Taiwan residents")
    HK_MACAO_PERMIT = "hk_macao_permit", _("travel permit of Hong Kong and Macao residents")
    TAIWAN_PERMIT = "taiwan_permit", _("travel permit of Taiwan residents")
    PASSPORT = "passport", _("passport")


class Student(models.Model):
    """A person; one per ID number."""

    public_id = PublicIdField()
    name = models.CharField(pgettext_lazy("person", "name"), max_length=60)
    gender = models.CharField(_("gender"), max_length=1, choices=Gender)
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    id_type = models.CharField(_("ID type"), max_length=20, choices=IdType, default=IdType.ID_CARD)
    id_number = EncryptedField(_("ID number"))
    id_digest = models.CharField(max_length=64, editable=False)
    phone = EncryptedField(_("mobile"), default="", blank=True)

    class Meta:
        verbose_name = _("student")
        verbose_name_plural = _("students")
        constraints = [
            models.UniqueConstraint(fields=["id_type", "id_digest"], name="student_once_per_id"),
            models.CheckConstraint(condition=Q(gender__in=Gender.values), name="student_gender_known"),
            models.CheckConstraint(condition=Q(id_type__in=IdType.values), name="student_id_type_known"),
            models.CheckConstraint(condition=~Q(id_digest=""), name="student_has_id_digest"),
        ]

    def __str__(self) -> str:
        return self.name


class ClassGroup(models.Model):
    """班级: the grain of the shooting plan."""

    public_id = PublicIdField()
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="classes", verbose_name=_("unit"))
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        verbose_name = _("class")
        verbose_name_plural = _("classes")
        ordering = ["unit", "name"]
        constraints = [models.UniqueConstraint(fields=["unit", "name"], name="class_name_once_per_unit")]

    def __str__(self) -> str:
        return self.name


class Enrolment(models.Model):
    """A person's study at one education level; the level never changes (a trigger sees to it)."""

    public_id = PublicIdField()
    student = models.ForeignKey(Student, models.PROTECT, related_name="enrolments", verbose_name=_("student"))
    student_number = models.CharField(_("student number"), max_length=32, unique=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="enrolments", verbose_name=_("unit"))
    class_group = models.ForeignKey(
        ClassGroup, models.PROTECT, related_name="enrolments", verbose_name=_("class")
    )
    level = models.CharField(_("education level"), max_length=12)
    major_code = models.CharField(_("major code"), max_length=12, blank=True)
    major_name = models.CharField(_("major"), max_length=60, blank=True)
    study_form = models.CharField(_("study form"), max_length=20, blank=True)
    length = models.CharField(_("length of study"), max_length=6, blank=True)
    entry_date = models.DateField(_("date of entry"), null=True, blank=True)
    expected_graduation = models.DateField(_("expected graduation"), null=True, blank=True)
    candidate_number = models.CharField(_("candidate number"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        ordering = ["student_number"]
        constraints = [
            models.UniqueConstraint(fields=["student", "level"], name="enrolment_once_per_level"),
            models.CheckConstraint(condition=~Q(student_number=""), name="enrolment_has_number"),
        ]

    def __str__(self) -> str:
        return f"{self.student} ({self.level})"


class Category(models.TextChoices):
    GRADUATE = "graduate", _("graduate")
    EARLY = "early", _("early")


class RosterState(models.TextChoices):
    ACTIVE = "active", pgettext_lazy("roster", "active")
    DEFERRED = "deferred", _("deferred")
    TRANSFERRED = "transferred", _("transferred")
    LEFT = "left", _("left")


class Exemption(models.TextChoices):
    NONE = "none", _("to be photographed")
    EARLIER_PICTURE = "earlier_picture", _("earlier picture of the same level")
    STAFF_DECISION = "staff_decision", _("earlier picture by decision of staff")


class GraduateQuerySet(models.QuerySet["Graduate"]):
    def active(self) -> "GraduateQuerySet":
        return self.filter(roster_state=RosterState.ACTIVE)

    def counting_for_route(self) -> "GraduateQuerySet":
        """R3: active graduates, exempt ones included, early students not."""
        return self.filter(category=Category.GRADUATE, roster_state=RosterState.ACTIVE)

    def to_be_photographed(self) -> "GraduateQuerySet":
        """R3: with early students, without those exempt by R9."""
        return self.filter(roster_state=RosterState.ACTIVE, exemption=Exemption.NONE)

    def with_people(self) -> "GraduateQuerySet":
        """Everything a row of a list shows, in one query; in class and student-number order."""
        return self.select_related(
            "enrolment__student", "enrolment__class_group", "enrolment__unit", "term", "picture"
        ).order_by("enrolment__class_group__name", "enrolment__student_number")


class Graduate(models.Model):
    """An enrolment's place in one campaign. `picture` is the choice; decisions are rows of their own."""

    public_id = PublicIdField()
    me_token = PublicIdField(default=new_token, max_length=32)
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="graduates", verbose_name=_("campaign")
    )
    enrolment = models.ForeignKey(
        Enrolment, models.PROTECT, related_name="graduates", verbose_name=_("enrolment")
    )
    term = models.ForeignKey(Term, models.PROTECT, related_name="graduates", verbose_name=_("term"))
    category = models.CharField(_("category"), max_length=10, choices=Category, default=Category.GRADUATE)
    roster_state = models.CharField(
        _("roster state"), max_length=12, choices=RosterState, default=RosterState.ACTIVE
    )
    state_reason = models.CharField(_("reason of the state"), max_length=200, blank=True)
    exemption = models.CharField(_("exemption"), max_length=20, choices=Exemption, default=Exemption.NONE)
    picture = models.ForeignKey(
        "students.Photo",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="chosen_by",
        verbose_name=_("picture"),
    )
    identity_frozen_at = models.DateTimeField(_("identity frozen at"), null=True, editable=False)
    reshoot_until = models.DateField(
        _("re-shoot allowed until"),
        null=True,
        blank=True,
        help_text=_("Beyond the window, for this person (R2)."),
    )
    created_at = models.DateTimeField(_("created"), default=clock.now)

    objects = GraduateQuerySet.as_manager()

    class Meta:
        verbose_name = _("graduate")
        verbose_name_plural = _("graduates")
        constraints = [
            models.UniqueConstraint(fields=["campaign", "enrolment"], name="graduate_once_per_campaign"),
            models.CheckConstraint(condition=Q(category__in=Category.values), name="graduate_category_known"),
            models.CheckConstraint(
                condition=Q(roster_state__in=RosterState.values), name="graduate_roster_state_known"
            ),
            models.CheckConstraint(
                condition=Q(exemption__in=Exemption.values), name="graduate_exemption_known"
            ),
        ]
        indexes = [models.Index(fields=["campaign", "roster_state", "category"], name="graduate_of_campaign")]

    def __str__(self) -> str:
        return str(self.enrolment)


class SignOff(models.Model):
    """A unit says that a class's data were checked by the students and by itself (R21)."""

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="sign_offs", verbose_name=_("campaign")
    )
    class_group = models.ForeignKey(
        ClassGroup, models.PROTECT, related_name="sign_offs", verbose_name=_("class")
    )
    checked_on = models.DateField(_("checked on"))
    people = models.PositiveIntegerField(_("people"))
    content_digest = models.CharField(max_length=64, editable=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), default=clock.now)

    class Meta:
        verbose_name = _("sign-off")
        verbose_name_plural = _("sign-offs")
        ordering = ["-id"]
        indexes = [models.Index(fields=["campaign", "class_group", "-id"], name="sign_off_latest")]

    def __str__(self) -> str:
        return f"{self.class_group} {self.checked_on}"


class CorrectionState(models.TextChoices):
    ASKED = "asked", _("asked for")
    DONE = "done", _("carried out")
    REFUSED = "refused", _("refused")


class Correction(models.Model):
    """A change of identity after it was frozen: the unit asks, staff decide (R21)."""

    public_id = PublicIdField()
    graduate = models.ForeignKey(
        Graduate, models.PROTECT, related_name="corrections", verbose_name=_("graduate")
    )
    changes = EncryptedField(_("changes"))
    reason = models.TextField(_("reason"))
    state = models.CharField(
        _("state"), max_length=10, choices=CorrectionState, default=CorrectionState.ASKED
    )
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    asked_at = models.DateTimeField(_("asked at"), default=clock.now)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    answer = models.TextField(_("answer"), blank=True)

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=CorrectionState.values), name="correction_state_known"
            ),
            models.UniqueConstraint(
                fields=["graduate"], condition=Q(state="asked"), name="correction_open_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.graduate)
