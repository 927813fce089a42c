"""What is done by the clock here: pieces of uploads that were given up."""

from datetime import timedelta

from photocampus.chores import chore
from students.piece_uploads import sweep_pieces


@chore("pieces", every=timedelta(hours=1))
def sweep_abandoned_pieces() -> int:
    return sweep_pieces()
