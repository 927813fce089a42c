"""Being told: which event concerns whom, said in one sentence, with a link. One mechanism for all of them.

Each app registers rules in its `told.py`, a few lines each:

    tell("shoots.booking", "moved", says=_("The shoot of %(units)s was moved: %(when)s."), to=both_sides)

Writing an event of such a kind writes an `Untold` row in the same transaction. After the commit it becomes one
`Notification` for each reader; if the process dies in between, the worker's next round does it. Nobody is told twice.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.functional import Promise

from photocampus.event_words import word_of
from photocampus.models import Event, Notification, Untold, User
from photocampus.told_mail import mail_plan

logger = logging.getLogger("photocampus.told")
MOST_TRIES = 10


@dataclass(frozen=True)
class Reader:
    """Who is told, where the link leads this person, and the facts of the sentence: no personal data of graduates."""

    user: int
    url: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class File:
    """What a mail carries besides its text."""

    name: str
    data: bytes
    type: str


# A sentence with named placeholders, or a function of the facts that gives it in the language of the moment.
Saying = str | Promise | Callable[[Mapping[str, Any]], str]
Readers = Callable[[Event], Iterable[Reader]]
Attach = Callable[[Event, User], File | None]


@dataclass(frozen=True)
class Rule:
    says: Saying
    to: Readers
    gathers: bool = False
    attach: Attach | None = None


_rules: dict[tuple[str, str], Rule] = {}


def tell(
    subject: str, *kinds: str, says: Saying, to: Readers, gathers: bool = False, attach: Attach | None = None
) -> None:
    """Register who is told when an event of these kinds is written about a `subject` (such as `shoots.booking`).

    `to` gets the event after its commit and gives the readers; whoever did it is left out. With `gathers` a person
    who has not read the last message of these kinds about the same object gets no second one. `attach` gives a file
    for the mail. A second rule for the same kind is a mistake.
    """
    rule = Rule(says, to, gathers, attach)
    for kind in kinds:
        if (subject, kind) in _rules:
            raise RuntimeError(f"{subject} {kind} has two rules")
        _rules[subject, kind] = rule


def rule_of(event: Event) -> Rule | None:
    return _rules.get((event.subject_type, event.kind))


def remember_to_tell(events: Iterable[Event]) -> None:
    """Called with every event written, in its transaction: those with a rule are told after the commit."""
    due = [event for event in events if (event.subject_type, event.kind) in _rules]
    if not due:
        return
    Untold.objects.bulk_create([Untold(event=event) for event in due], batch_size=2000)
    ids = [event.pk for event in due]
    # Robust: what failed here is in the log and waits for the worker; the act itself stands.
    transaction.on_commit(lambda: tell_events(ids), robust=True)


def tell_events(ids: Iterable[int]) -> int:
    """Tell of these events; one that fails does not stop the others. Returns how many people were told."""
    told = 0
    for pk in ids:
        try:
            told += _tell_event(pk)
        except OperationalError:
            logger.warning("the database was busy; event %d is told in the next round", pk)
        except Exception:
            logger.exception("nobody could be told of event %d", pk)
            Untold.objects.filter(event=pk).update(tries=F("tries") + 1)
    return told


def tell_waiting() -> int:
    """Take up what a killed process left untold. Harmless when repeated."""
    waiting = Untold.objects.filter(tries__lt=MOST_TRIES).order_by("event")
    return tell_events(list(waiting.values_list("event", flat=True)[:500]))


@transaction.atomic
def _tell_event(pk: int) -> int:
    untold = Untold.objects.select_for_update(of=("self",)).select_related("event").filter(event=pk).first()
    if untold is None:
        return 0  # somebody was faster
    event, rule = untold.event, rule_of(untold.event)
    readers = {reader.user: reader for reader in rule.to(event)} if rule else {}
    readers.pop(event.by_id or 0, None)
    if rule and rule.gathers:
        for user in _still_unread(event, rule).values_list("user", flat=True):
            readers.pop(user, None)
    users = User.objects.filter(pk__in=list(readers), is_active=True)
    made = [
        Notification(
            user=user,
            event=event,
            facts=dict(readers[user.pk].facts),
            url=readers[user.pk].url,
            at=event.at,
            **mail_plan(user),
        )
        for user in users
    ]
    Notification.objects.bulk_create(made, batch_size=500, ignore_conflicts=True)
    untold.delete()
    return len(made)


def _still_unread(event: Event, rule: Rule) -> Any:
    kinds = [
        kind for (subject, kind), other in _rules.items() if other is rule and subject == event.subject_type
    ]
    return Notification.objects.filter(
        read_at=None,
        event__subject_type=event.subject_type,
        event__subject_id=event.subject_id,
        event__kind__in=kinds,
    )


def sentence(notification: Notification) -> str:
    """What the person is told, in the language of the moment. The event must be loaded with it."""
    event = notification.event
    rule = rule_of(event)
    if rule is None:  # a rule of an earlier version
        return word_of(event.kind, event.subject_type, event.new)
    if callable(rule.says) and not isinstance(rule.says, Promise):
        return rule.says(notification.facts)
    return str(rule.says) % notification.facts


def file_of(notification: Notification) -> File | None:
    """The file for the mail, if the rule has one."""
    rule = rule_of(notification.event)
    return rule.attach(notification.event, notification.user) if rule and rule.attach else None


def unread_count(request: HttpRequest) -> int:
    """Counted once per request; navigation and head of the page ask for it."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return 0
    known = getattr(request, "_unread", None)
    if known is None:
        known = Notification.objects.filter(user=user, read_at=None).count()
        request._unread = known  # type: ignore[attr-defined]
    return known
