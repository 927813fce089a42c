"""Mail, where the portal has a mail server (`PHOTOCAMPUS_EMAIL_URL`). Nothing ever depends on it."""

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction

from photocampus.models import User

logger = logging.getLogger("photocampus.mail")


def tell(user: User, *, subject: str, text: str) -> None:
    """Send one mail after the commit; a person without an address, or a portal without mail, is passed over in silence."""
    if not user.email:
        return
    address = user.email

    def send() -> None:
        try:
            send_mail(str(subject), f"{text}\n\n{settings.BASE_URL}\n", None, [address])
        except OSError:
            logger.warning("a mail could not be sent", exc_info=True)

    transaction.on_commit(send)
