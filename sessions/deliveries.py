"""Prints and files from the studio to a unit, or to an individual against the receipt (R5, R6, R20)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import ChangedMeanwhile, DomainError, MissingReason, NotAllowed
from photocampus.events import build_event, move_state, record, record_many
from photocampus.jobs import start_job
from photocampus.models import User
from sessions.models import (
    Attendance,
    Delivery,
    DeliveryItem,
    DeliveryItemState,
    DeliveryState,
    Receipt,
)
from sessions.parties import require_keeper, require_studio
from students.models import Decision, Exemption, Graduate, GraduateQuerySet, Outcome, Rendition, Stage
from units.models import Campaign, Contract, ProfileName, Studio, StudioGrant, Unit

DELIVERY_MOVES: dict[str, set[str]] = {
    DeliveryState.PREPARED: {DeliveryState.SENT, DeliveryState.CANCELLED},
    DeliveryState.SENT: {DeliveryState.RECEIVED, DeliveryState.INCOMPLETE},
    DeliveryState.INCOMPLETE: {DeliveryState.RECEIVED},
}
ITEM_MOVES: dict[str, set[str]] = {
    DeliveryItemState.PACKED: {DeliveryItemState.RECEIVED, DeliveryItemState.MISSING},
    DeliveryItemState.MISSING: {DeliveryItemState.COMPLETED},
}
FILES_JOB = "shoots.delivery_files"


class NothingToDeliver(DomainError):
    code = "nothing_to_deliver"
    message = _("There is no accepted picture of %(unit)s that has not been delivered yet.")


class NotDeliverable(DomainError):
    code = "not_deliverable"
    message = _(
        "The picture of receipt %(number)s is not accepted by the unit yet, or has been delivered already."
    )


class NoGrant(DomainError):
    code = "no_grant"
    message = _("The studio has no confirmed shoot with %(unit)s.")


class FilesNotReady(DomainError):
    code = "files_not_ready"
    message = _("The files of this delivery are still being put together.")


class NotInDelivery(DomainError):
    code = "not_in_delivery"
    message = _("A person was named who is not in this delivery.")


class MoreThanPacked(DomainError):
    code = "more_than_packed"
    message = _("At most %(packed)d prints of this size can be missing, not %(named)d.")


class NothingMissing(DomainError):
    code = "nothing_missing"
    message = _("Nothing is missing from this person's bag.")


@dataclass(frozen=True)
class Missing:
    """What one person's bag lacks: numbers of prints, and whether a file does."""

    prints_2in: int = 0
    prints_1in: int = 0
    small: bool = False
    large: bool = False

    def __bool__(self) -> bool:
        return bool(self.prints_2in or self.prints_1in or self.small or self.large)

    def as_json(self) -> dict[str, Any]:
        named = {
            "prints_2in": self.prints_2in,
            "prints_1in": self.prints_1in,
            "small": self.small,
            "large": self.large,
        }
        return {key: value for key, value in named.items() if value}


def wanted_profiles(campaign: Campaign) -> list[str]:
    """The images of the package (R6): the small and the large one, as the campaign says."""
    small = [ProfileName.SMALL.value] if campaign.includes_small else []
    return small + ([ProfileName.LARGE.value] if campaign.includes_large else [])


def deliverable(studio: Studio, campaign: Campaign) -> GraduateQuerySet:
    """Who has an accepted picture of this studio in this campaign, with its files, and is in no delivery with it yet.

    Exempt people have had their prints (R9). In class and student-number order.
    """
    accepted = Decision.objects.filter(
        graduate=OuterRef("pk"),
        photo=OuterRef("picture"),
        stage=Stage.ACCEPTANCE,
        outcome=Outcome.YES,
        is_current=True,
    )
    known = DeliveryItem.objects.filter(graduate=OuterRef("pk"), photo=OuterRef("picture"), is_open=True)
    people = Graduate.objects.active().filter(
        Exists(accepted),
        ~Exists(known),
        Exists(
            StudioGrant.objects.filter(
                studio=studio, campaign=campaign, unit=OuterRef("enrolment__unit"), ended_at=None
            )
        ),
        campaign=campaign,
        exemption=Exemption.NONE,
        picture__studio=studio,
    )
    for name in wanted_profiles(campaign):
        people = people.filter(
            Exists(
                Rendition.objects.filter(
                    photo=OuterRef("picture"), profile__name=name, profile__campaign=campaign
                )
            )
        )
    return people.with_people()


def with_receipt() -> Exists:
    """The picture was taken of somebody who came alone and holds a valid receipt."""
    return Exists(
        Receipt.objects.filter(
            attendance__attendance_photos__photo=OuterRef("picture"),
            attendance__graduate=OuterRef("pk"),
            voided_at=None,
        )
    )


def deliverable_to_unit(studio: Studio, campaign: Campaign, unit: Unit) -> GraduateQuerySet:
    """The unit's people, without those who collect against a receipt (R5)."""
    return deliverable(studio, campaign).filter(~with_receipt(), enrolment__unit=unit)


@transaction.atomic
def prepare_delivery(*, studio: Studio, campaign: Campaign, unit: Unit, by: User) -> Delivery:
    """One delivery for the unit with everybody deliverable now: bags per class, student-number order, counts of R6.

    Who is accepted later goes into a further delivery; nobody is in two for the same picture. A job puts the files
    together. Refused: nothing to deliver, no grant.
    """
    require_studio(by, studio)
    lock_contract(studio, campaign)
    if not StudioGrant.objects.filter(studio=studio, campaign=campaign, unit=unit, ended_at=None).exists():
        raise NoGrant(unit=unit)
    people = list(deliverable_to_unit(studio, campaign, unit))
    if not people:
        raise NothingToDeliver(unit=unit)
    return _write_delivery(studio, campaign, unit, None, people, by)


@transaction.atomic
def prepare_for_receipt(*, receipt: Receipt, by: User) -> Delivery:
    """The individual's own delivery, to be collected against the receipt. Refused until the unit accepted the picture."""
    attendance = Attendance.objects.select_related("graduate__enrolment__unit").get(receipt=receipt)
    require_studio(by, receipt.studio)
    lock_contract(receipt.studio, receipt.campaign)
    graduate = attendance.graduate
    people = list(deliverable(receipt.studio, receipt.campaign).filter(with_receipt(), pk=graduate.pk))
    if receipt.voided_at or not people:
        raise NotDeliverable(number=receipt)
    return _write_delivery(receipt.studio, receipt.campaign, graduate.enrolment.unit, receipt, people, by)


def lock_contract(studio: Studio, campaign: Campaign) -> None:
    """Deliveries of one studio in one campaign are written one after the other."""
    Contract.objects.select_for_update().get(studio=studio, campaign=campaign)


def _write_delivery(
    studio: Studio, campaign: Campaign, unit: Unit, receipt: Receipt | None, people: list[Graduate], by: User
) -> Delivery:
    last = Delivery.objects.filter(studio=studio, campaign=campaign).aggregate(last=Max("number"))["last"]
    delivery = Delivery.objects.create(
        studio=studio,
        campaign=campaign,
        unit=unit,
        receipt=receipt,
        number=(last or 0) + 1,
        prepared_by=by,
        prepared_at=clock.now(),
    )
    try:
        with transaction.atomic():
            DeliveryItem.objects.bulk_create(_items(delivery, people), batch_size=1000)
    except IntegrityError:  # somebody put one of them into another delivery just now
        raise ChangedMeanwhile() from None
    delivery.job = start_job(
        FILES_JOB,
        by=by,
        args={"delivery": delivery.pk},
        label=f"{unit} · {delivery.number}",
        total=len(people),
    )
    delivery.save(update_fields=["job"])
    record(delivery, "delivery_prepared", by=by, new=delivery.state, data={"people": len(people)})
    return delivery


def _items(delivery: Delivery, people: Iterable[Graduate]) -> Iterable[DeliveryItem]:
    campaign = delivery.campaign
    for position, graduate in enumerate(people, start=1):
        yield DeliveryItem(
            delivery=delivery,
            graduate=graduate,
            photo_id=graduate.picture_id,
            bag=graduate.enrolment.class_group.name,
            position=position,
            prints_2in=campaign.prints_2in,
            prints_1in=campaign.prints_1in,
        )


def lock_delivery(delivery: Delivery) -> Delivery:
    return (
        Delivery.objects.select_for_update(of=("self",))
        .select_related("campaign", "studio", "unit", "receipt")
        .get(pk=delivery.pk)
    )


@transaction.atomic
def send_delivery(*, delivery: Delivery, by: User, note: str = "") -> None:
    """prepared → sent (or: ready at the counter, for an individual). Refused until the files are complete."""
    delivery = lock_delivery(delivery)
    require_studio(by, delivery.studio)
    if delivery.state == DeliveryState.PREPARED and not delivery.files:
        raise FilesNotReady()
    move_state(
        delivery,
        DeliveryState.SENT,
        moves=DELIVERY_MOVES,
        by=by,
        reason=note,
        sent_at=clock.now(),
        note=note[:200],
    )


@transaction.atomic
def cancel_delivery(*, delivery: Delivery, by: User, reason: str) -> None:
    """Before it is sent: its people can go into another delivery. The number stays, marked."""
    if not reason.strip():
        raise MissingReason()
    delivery = lock_delivery(delivery)
    require_studio(by, delivery.studio)
    move_state(
        delivery,
        DeliveryState.CANCELLED,
        moves=DELIVERY_MOVES,
        by=by,
        reason=reason,
        note=reason.strip()[:200],
    )
    delivery.items.update(is_open=False)


@transaction.atomic
def receive_delivery(
    *, delivery: Delivery, missing: Mapping[str, Missing], by: User | None, note: str = ""
) -> None:
    """sent → received, or incomplete when `missing` (graduate's public id → what) names anything.

    `by` is the coordinator, the studio's counter, or None for the graduate on the own page. For an individual the
    receipt is marked as collected.
    """
    delivery = lock_delivery(delivery)
    _require_receiver(delivery, by)
    lacks = {key: what for key, what in missing.items() if what}
    to = DeliveryState.INCOMPLETE if lacks else DeliveryState.RECEIVED
    now = clock.now()
    move_state(
        delivery, to, moves=DELIVERY_MOVES, by=by, reason=note, received_at=now, received_by=by,
        data={"lacking": len(lacks)},
    )  # fmt: skip
    items = list(delivery.items.select_related("graduate"))
    if set(lacks) - {item.graduate.public_id for item in items}:
        raise NotInDelivery()
    events = []
    for item in items:
        what = lacks.get(item.graduate.public_id)
        item.settled_at = now
        item.state = DeliveryItemState.RECEIVED
        if what:
            _check_missing(item, what)
            item.state, item.missing, item.settled_at = DeliveryItemState.MISSING, what.as_json(), None
        events.append(
            build_event(
                item,
                f"state_{item.state}",
                by=by,
                old=DeliveryItemState.PACKED,
                new=item.state,
                data=item.missing,
            )
        )
    DeliveryItem.objects.bulk_update(items, ["state", "missing", "settled_at"], batch_size=500)
    record_many(events)
    if delivery.receipt_id:
        Receipt.objects.filter(pk=delivery.receipt_id, collected_at=None).update(collected_at=now)
        record(delivery.receipt or Receipt(pk=delivery.receipt_id), "collected", by=by)


def _require_receiver(delivery: Delivery, by: User | None) -> None:
    """A unit's delivery is received by the unit or its college (R20); a person's at the studio's counter or by the person."""
    if delivery.receipt_id:
        if by is not None:
            require_studio(by, delivery.studio)
    elif by is None:
        raise NotAllowed()
    else:
        require_keeper(by, delivery.unit)


def _check_missing(item: DeliveryItem, what: Missing) -> None:
    for packed, named in ((item.prints_2in, what.prints_2in), (item.prints_1in, what.prints_1in)):
        if not 0 <= named <= packed:
            raise MoreThanPacked(packed=packed, named=named)


@transaction.atomic
def supply_missing(*, item: DeliveryItem, by: User, note: str = "") -> None:
    """The studio has supplied what was missing; when nothing is missing any more, the delivery counts as received."""
    delivery = lock_delivery(item.delivery)
    require_studio(by, delivery.studio)
    item = DeliveryItem.objects.select_for_update().get(pk=item.pk)
    if item.state != DeliveryItemState.MISSING:
        raise NothingMissing()
    move_state(
        item,
        DeliveryItemState.COMPLETED,
        moves=ITEM_MOVES,
        by=by,
        reason=note,
        settled_at=clock.now(),
        note=note[:200],
    )
    if not delivery.items.filter(state=DeliveryItemState.MISSING).exists():
        move_state(delivery, DeliveryState.RECEIVED, moves=DELIVERY_MOVES, by=by, reason=note)
