"""Checks of deliveries: states ↔ items ↔ history, numbers without a gap, files ↔ hashes."""

import hashlib
from collections.abc import Iterable

from django.db.models import Count, F, Max, Min, Q

from photocampus.ledger import ledger_check
from sessions.deliveries import wanted_profiles
from sessions.models import Delivery, DeliveryItem, DeliveryItemState, DeliveryState
from sessions.shoot_ledger import history_disagrees

READ = 256 * 1024
ITEM = DeliveryItemState


@ledger_check("shoots.delivery_history")
def delivery_history() -> Iterable[str]:
    yield from history_disagrees(Delivery, first=DeliveryState.PREPARED)
    yield from history_disagrees(DeliveryItem, first=ITEM.PACKED)


@ledger_check("shoots.deliveries")
def deliveries() -> Iterable[str]:
    """A delivery's state follows from its people's bags; positions and numbers have no gap; the receipt was collected."""
    rows = Delivery.objects.select_related("receipt", "campaign").annotate(
        people=Count("items"),
        packed=Count("items", filter=Q(items__state=ITEM.PACKED)),
        missing=Count("items", filter=Q(items__state=ITEM.MISSING)),
        shut=Count("items", filter=Q(items__is_open=False)),
        last=Max("items__position"),
    )
    for row in rows.order_by("pk"):
        name = f"delivery {row.pk} (“{row.state}”)"
        if not row.people or row.last != row.people:
            yield f"{name} has {row.people} people in positions up to {row.last}"
        before = row.state in (DeliveryState.PREPARED, DeliveryState.SENT, DeliveryState.CANCELLED)
        if before != (row.packed == row.people):
            yield f"{name} has {row.packed} of {row.people} bags not unpacked"
        if (row.state == DeliveryState.INCOMPLETE) != bool(row.missing):
            yield f"{name} has {row.missing} bags that lack something"
        if (row.state == DeliveryState.CANCELLED) != (row.shut == row.people):
            yield f"{name} has {row.shut} of {row.people} people released"
        is_received = row.state in (DeliveryState.RECEIVED, DeliveryState.INCOMPLETE)
        if row.receipt_id and row.receipt and is_received and row.receipt.collected_at is None:
            yield f"{name} was received, but receipt {row.receipt.number} was not collected"
        if is_received != (row.received_at is not None):
            yield f"{name} has the wrong date of receipt"
    yield from _numbers()
    yield from _items()


def _numbers() -> Iterable[str]:
    groups = (
        Delivery.objects.order_by()
        .values("studio", "campaign")
        .annotate(count=Count("pk"), first=Min("number"), last=Max("number"))
    )
    for group in groups:
        if group["first"] != 1 or group["last"] != group["count"]:
            yield (
                f"studio {group['studio']}, campaign {group['campaign']}: {group['count']} deliveries, "
                f"numbered {group['first']} to {group['last']}"
            )


def _items() -> Iterable[str]:
    lacking = Q(state__in=[ITEM.MISSING, ITEM.COMPLETED])
    for row in DeliveryItem.objects.filter(lacking, missing={}).order_by("pk"):
        yield f"person {row.pk} of delivery {row.delivery_id} is “{row.state}” without saying what was missing"
    for row in DeliveryItem.objects.exclude(lacking).exclude(missing={}).order_by("pk"):
        yield f"person {row.pk} of delivery {row.delivery_id} is “{row.state}” but something is named as missing"
    wrong = DeliveryItem.objects.exclude(photo__enrolment=F("graduate__enrolment")).order_by("pk")
    for row in wrong:
        yield f"person {row.pk} of delivery {row.delivery_id} got another person's picture"


@ledger_check("shoots.delivery_files")
def delivery_files() -> Iterable[str]:
    """The archive has its hash, and one image of each kind for every person."""
    for row in Delivery.objects.exclude(files="").select_related("campaign").annotate(people=Count("items")):
        wanted = row.people * len(wanted_profiles(row.campaign))
        if len(row.manifest) != wanted:
            yield f"delivery {row.pk} lists {len(row.manifest)} images, {wanted} belong to it"
        sha = hashlib.sha256()
        try:
            with row.files.open("rb") as stream:
                while chunk := stream.read(READ):
                    sha.update(chunk)
        except FileNotFoundError:
            yield f"delivery {row.pk}: its archive is gone"
            continue
        if sha.hexdigest() != row.files_sha256:
            yield f"delivery {row.pk}: its archive differs from its hash"
