"""Secret addresses of calendars: made, renewed, revoked. The token is shown once; the database holds its digest."""

import hashlib

from django.db import transaction

from photocampus import clock
from photocampus.events import record
from photocampus.fields import new_token
from photocampus.models import CalendarFeed, User


def digest_of(token: str) -> str:
    """144 random bits need neither salt nor slow hashing."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def make_feed(*, user: User) -> str:
    """Give this person a new address; an earlier one stops working at once. Returns the token, which nothing keeps."""
    token = new_token()
    _feed, is_new = CalendarFeed.objects.update_or_create(
        user=user, defaults={"digest": digest_of(token), "made_at": clock.now(), "revoked_at": None}
    )
    record(user, "calendar_address_made" if is_new else "calendar_address_renewed", by=user)
    return token


@transaction.atomic
def revoke_feed(*, user: User) -> None:
    """The address stops working at once. Harmless when repeated."""
    if CalendarFeed.objects.filter(user=user, revoked_at=None).update(revoked_at=clock.now()):
        record(user, "calendar_address_revoked", by=user)


def reader_of(token: str) -> User | None:
    """Whose calendar this token opens: an active person's, by an address that is not revoked."""
    feeds = CalendarFeed.objects.filter(digest=digest_of(token), revoked_at=None, user__is_active=True)
    feed = feeds.select_related("user").first()
    return feed.user if feed else None
