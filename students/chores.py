"""What is done by the clock here: pieces of uploads that were given up."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from photocampus.chores import chore
from students.piece_uploads import sweep_pieces


@chore("pieces", title=_("Pieces of uploads that were given up"), every=timedelta(hours=1))
def sweep_abandoned_pieces() -> int:
    return sweep_pieces()
