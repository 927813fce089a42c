"""Mail about what happened: written with the message in the inbox, sent by the worker, never in a request.

Who gets one is the person's choice (at once, once a day, never). Without `PHOTOCAMPUS_EMAIL_URL` nothing is ever due,
so that nothing old is sent on the day a mail server is named. A mail that fails is tried again, later each time; if
the process dies between sending and writing that down, it is sent once more after the lease.
"""

import datetime as dt
import logging
from collections import defaultdict
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from photocampus import clock
from photocampus.models import MailChoice, MailState, Notification, User

logger = logging.getLogger("photocampus.mail")
DIGEST_HOUR = 8
LEASE = dt.timedelta(minutes=5)
MOST_TRIES = 8
SUBJECT_LENGTH = 78
NO_MAIL: dict[str, Any] = {"mail_state": MailState.NONE, "mail_after": None}


def mail_plan(user: User) -> dict[str, Any]:
    """Fields of a new message: whether a mail to this person is due, and from when."""
    if not settings.EMAIL_URL or not user.email or user.mail_choice == MailChoice.NONE:
        return {"mail_state": MailState.NONE}
    now = clock.now()
    return {
        "mail_state": MailState.DUE,
        "mail_after": next_digest(now) if user.mail_choice == MailChoice.DAILY else now,
    }


def next_digest(now: dt.datetime) -> dt.datetime:
    """The next eight o'clock in the morning."""
    today = now.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
    return today if now < today else today + dt.timedelta(days=1)


def send_due_mail(limit: int = 100) -> int:
    """Send what is due, one mail per person whatever its number of messages; returns how many mails went out."""
    if not settings.EMAIL_URL:
        return 0
    due = Notification.objects.filter(mail_state=MailState.DUE, mail_after__lte=clock.now())
    people = due.order_by().values_list("user", flat=True).distinct()[:limit]
    return sum(_send_to(user) for user in list(people))


def _send_to(user_id: int) -> bool:
    """Claim the person's due messages, send them, write down how it went."""
    now = clock.now()
    due = Notification.objects.filter(user=user_id, mail_state=MailState.DUE, mail_after__lte=now)
    ids = list(due.values_list("pk", flat=True))
    lease = now + LEASE
    # Whoever moves the time on has the row; another worker finds nothing due.
    mine = [pk for pk in ids if due.filter(pk=pk).update(mail_after=lease, mail_tries=F("mail_tries") + 1)]
    rows = list(Notification.objects.filter(pk__in=mine).select_related("event", "user").order_by("event_id"))
    if not rows:
        return False
    user = rows[0].user
    Notification.objects.filter(pk__in=mine, read_at__isnull=False).update(**NO_MAIL)
    rows = [row for row in rows if row.read_at is None]  # what was read in the inbox meanwhile needs no mail
    claimed = Notification.objects.filter(pk__in=[row.pk for row in rows])
    if not user.email or not user.is_active or user.mail_choice == MailChoice.NONE:
        claimed.update(**NO_MAIL)
        return False
    if not rows:
        return False
    try:
        with translation.override(user.language):
            write_mail(user, rows).send()
    except OSError as error:  # smtplib's errors are OSErrors; the log names neither address nor text
        logger.warning("a mail could not be sent: %s", type(error).__name__)
        _try_later(rows, now)
        return False
    except Exception:  # one mail that cannot be written must not keep the others
        logger.exception("a mail could not be written")
        _try_later(rows, now)
        return False
    claimed.update(mail_state=MailState.SENT, mail_after=None)
    return True


def _try_later(rows: list[Notification], now: dt.datetime) -> None:
    """After 2, 4, 8 … minutes; in the end the inbox must do."""
    by_tries: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        by_tries[row.mail_tries].append(row.pk)
    for tries, pks in by_tries.items():
        again = Notification.objects.filter(pk__in=pks)
        if tries >= MOST_TRIES:
            again.update(mail_state=MailState.GIVEN_UP, mail_after=None)
        else:
            again.update(mail_after=now + dt.timedelta(minutes=2**tries))


def write_mail(user: User, rows: list[Notification]) -> EmailMessage:
    """Plain text in the language of the moment: one sentence and one link for each message."""
    from photocampus.told import file_of, sentence

    said = [(sentence(row), row) for row in rows]
    many = ngettext("%(n)d piece of news", "%(n)d pieces of news", len(said)) % {"n": len(said)}
    subject = said[0][0] if len(said) == 1 else many
    parts = [f"{text}\n{settings.BASE_URL}{row.url}" if row.url else text for text, row in said]
    parts.append(
        _("You chose how you are told of such news; change it here:")
        + f"\n{settings.BASE_URL}{reverse('news-choice')}"
    )
    mail = EmailMessage(_short(subject), "\n\n".join(parts) + "\n", None, [user.email])
    for file in {file.data: file for row in rows if (file := file_of(row))}.values():
        mail.attach(file.name, file.data.decode(), file.type)
    return mail


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SUBJECT_LENGTH else line[: SUBJECT_LENGTH - 1] + "…"
