"""What the commands share: who acts, and the exit statuses 0 done, 1 done with rejected rows, 2 nothing done (design §8)."""

import sys
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError
from photocampus.models import Role, User

REJECTED = 1
NOTHING_DONE = 2

OTHER_CAMPAIGN = _("Batch %(batch)s is not one of campaign %(code)s.")


class NoActor(DomainError):
    code = "no_actor"
    message = _("There is no active user %(name)s of academic affairs in whose name the command could act.")


def read_batch(text: str) -> tuple[str, int]:
    """Campaign code, "" if not given, and number, as people read them off a page or a file: 1, 0001, 2018-1, 2018-0001.

    Raises ValueError.
    """
    code, _hyphen, number = text.rpartition("-")
    return code, int(number)


def find_actor(username: str = "") -> User:
    """The named user of academic affairs, else their oldest active account, administrators first. Raises NoActor."""
    users = User.objects.filter(role=Role.STAFF, is_active=True).order_by("-is_superuser", "pk")
    user = users.filter(username=username).first() if username else users.first()
    if user is None:
        raise NoActor(name=username)
    return user


class PortalCommand(BaseCommand):
    """A command that acts through use cases: refusals become one line on standard error and status 2."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", default="", help="act as this user of academic affairs")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            status = self.act(by=find_actor(options["user"]), **options)
        except DomainError as error:
            self.nothing_done(str(error))
        if status:
            sys.exit(status)

    def act(self, *, by: User, **options: Any) -> int:
        """The work; returns the exit status."""
        raise NotImplementedError

    def nothing_done(self, reason: str) -> NoReturn:
        self.stderr.write(reason)
        sys.exit(NOTHING_DONE)
