"""Why an incoming file was not filed, in words. Codes and numbers are stored; the sentence is made when it is shown."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from students.archives import BadArchive
from students.filing import NotFiled
from students.imaging import MIN_SIDE, BadPicture
from students.ingest_sources import FileTooLarge, SourceGone
from students.processing import NotAPrint, ScanTooCoarse

# What the file's name did not tell.
NO_MATCH: dict[str, str | Promise] = {
    "no_number": _("The file's name holds no student number, ID number or shot number."),
    "unknown_number": _("Nobody in the units that this studio works for has the number in the file's name."),
    "ambiguous": _("The numbers in the file's name belong to different people."),
    "shot_voided": _("The shot number in the file's name is void."),
    "second_in_batch": _(
        "Another picture of the same person came in the same upload. Please choose which one to file."
    ),
    "crash": _(
        "An unexpected error happened while the file was read. Nothing was written; it can be tried again."
    ),
    "gave_up": _("The file could not be read in several attempts; each time the program was stopped."),
    "number_card": _("A number card, which is nobody's picture."),
    "sequence_nobody": _("By its order the file belongs to no shot number."),
    "sequence_double": _("A later picture of the same shot number was filed."),
    "sequence_unsure": _("By its order and time of capture it is not sure whose picture this is."),
    "taken_back": _("The assignment by hand was taken back."),
    "earlier_known": _(
        "An earlier picture of this person, which another one has replaced. Nothing was changed. To choose it again, send"
        " it under a name without a number and assign it by hand."
    ),
    "chosen_again": _("The earlier picture of this person was chosen again."),
    "upload_broken": _("The upload of this file broke off."),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
_MESSAGES: dict[str, str | Promise] = {
    **NO_MATCH,
    **BadPicture.messages,
    **BadArchive.messages,
    **NotFiled.messages,
    ScanTooCoarse.code: ScanTooCoarse.message,
    NotAPrint.code: NotAPrint.message,
    SourceGone.code: SourceGone.message,
    FileTooLarge.code: FileTooLarge.message,
}


def all_reasons() -> dict[str, str]:
    """Code → sentence, with an ellipsis where each file has its own number."""
    return {code: PLACEHOLDER.sub("…", str(message)) for code, message in _MESSAGES.items()}


def reason_text(code: str, data: Mapping[str, Any]) -> str:
    """The sentence for a stored reason, in the reader's language."""
    message = _MESSAGES.get(code)
    return code if message is None else str(message) % {"least": MIN_SIDE, **data}
