"""Prints and files on their way from the studio to a unit or to an individual (R5, R6, R20)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.fields import PublicIdField
from photocampus.models import Job, User
from sessions.models.shoots import Receipt
from students.models import Graduate, Photo
from units.models import Campaign, Studio, Unit


class DeliveryState(models.TextChoices):
    PREPARED = "prepared", _("prepared")
    SENT = "sent", _("sent")
    RECEIVED = "received", _("received")
    INCOMPLETE = "incomplete", _("received, something is missing")
    CANCELLED = "cancelled", _("cancelled")


def delivery_file_name(instance: "Delivery", filename: str) -> str:
    return f"deliveries/{instance.public_id}/{filename}"


class Delivery(models.Model):
    """To a unit, or to an individual against a receipt; never both."""

    public_id = PublicIdField()
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="deliveries", verbose_name=_("campaign")
    )
    studio = models.ForeignKey(Studio, models.PROTECT, related_name="deliveries", verbose_name=_("studio"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="deliveries", verbose_name=_("unit"))
    receipt = models.ForeignKey(
        Receipt, models.PROTECT, null=True, blank=True, related_name="deliveries", verbose_name=_("receipt")
    )
    number = models.PositiveIntegerField(_("number"))
    state = models.CharField(_("state"), max_length=12, choices=DeliveryState, default=DeliveryState.PREPARED)
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+", verbose_name=_("job"))
    files = models.FileField(_("files"), upload_to=delivery_file_name, blank=True)
    files_sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    manifest = models.JSONField(_("manifest"), default=list, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    prepared_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("prepared by"))
    prepared_at = models.DateTimeField(_("prepared at"), default=clock.now)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    received_at = models.DateTimeField(_("received at"), null=True, blank=True)
    received_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("received by")
    )

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["studio", "campaign", "number"], name="delivery_number_once"),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.unit} #{self.number}"


class DeliveryItemState(models.TextChoices):
    PACKED = "packed", _("packed")
    RECEIVED = "received", _("received")
    MISSING = "missing", _("something is missing")
    COMPLETED = "completed", _("supplied later")


class DeliveryItem(models.Model):
    """One person's bag: prints counted, files named."""

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="items", verbose_name=_("delivery"))
    graduate = models.ForeignKey(
        Graduate, models.PROTECT, related_name="delivery_items", verbose_name=_("graduate")
    )
    photo = models.ForeignKey(Photo, models.PROTECT, related_name="delivery_items", verbose_name=_("photo"))
    bag = models.CharField(_("bag"), max_length=80)
    position = models.PositiveIntegerField(_("position"))
    prints_2in = models.PositiveSmallIntegerField(_("2-inch prints"))
    prints_1in = models.PositiveSmallIntegerField(_("1-inch prints"))
    state = models.CharField(
        _("state"), max_length=10, choices=DeliveryItemState, default=DeliveryItemState.PACKED
    )
    missing = models.JSONField(_("missing"), default=dict, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    is_open = models.BooleanField(_("in force"), default=True)

    class Meta:
        verbose_name = _("person in a delivery")
        verbose_name_plural = _("people in a delivery")
        ordering = ["delivery", "position"]
        constraints = [
            models.UniqueConstraint(fields=["delivery", "graduate"], name="graduate_once_per_delivery"),
            models.UniqueConstraint(
                fields=["graduate", "photo"], condition=Q(is_open=True), name="photo_delivered_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=DeliveryItemState.values), name="delivery_item_state_known"
            ),
        ]

    def __str__(self) -> str:
        return str(self.graduate)
