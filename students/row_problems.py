"""The sentences of roster problems and warnings, by code; looked up when somebody reads them (design §7)."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, Promise] = {
    "required": _("must not be empty"),
    "digits_lost": _(
        "was stored as a number and has lost its last digits; format the column as text and type it again"
    ),
    "too_wide": _("is too long: %(have)d bytes in the register, %(allowed)d are allowed"),
    "student_number_form": _("may hold only letters, digits, hyphens and underscores"),
    "name_form": _("is not a name"),
    "outside_gbk": _("holds characters that the register's files cannot carry: %(characters)s"),
    "gender_unknown": _("must be 男 or 女"),
    "id_type_unknown": _("is not a known kind of document"),
    "gb_fifteen": _("has 15 digits; the old numbers are no longer valid, 18 characters are needed"),
    "gb_form": _("must be 17 digits and a digit or X; it has %(length)d characters"),
    "gb_check_digit": _("has a wrong check digit: at least one character is mistyped"),
    "gb_birth_date": _("contains a date of birth that does not exist"),
    "gb_area": _("begins with an area code that is not in the list: %(area)s"),
    "not_residence_permit": _("is not the number of a residence permit: those begin with 81, 82 or 83"),
    "is_residence_permit": _("is the number of a residence permit for Hong Kong, Macao and Taiwan residents"),
    "hk_macao_form": _("must be H or M and 8 digits; the two renewal digits may follow"),
    "taiwan_form": _("must be 8 digits"),
    "passport_form": _("must be 5 to 17 letters and digits"),
    "birth_too_early": _("gives a birth before %(year)d"),
    "birth_too_late": _("gives a birth less than %(years)d years ago"),
    "birth_date_disagrees": _("differs from the date of birth inside the ID number"),
    "gender_disagrees": _("differs from the gender inside the ID number"),
    "date_form": _("is not a date; use a form such as 2015-09-01"),
    "phone_form": _("is not a telephone number"),
    "unit_unknown": _("is not a unit of this school"),
    "unit_not_yours": _("is not your unit; you upload for your own unit only"),
    "term_form": _("is not a year and month; this campaign has %(terms)s"),
    "term_unknown": _("is not a term of this campaign; it has %(terms)s"),
    "level_unknown": _("is not a known education level"),
    "category_unknown": _("must be 毕业生 or 提前"),
    "number_twice": _("stands already on line %(line)d"),
    "two_names": _("differs from line %(line)d, which has the same ID number"),
    "two_birth_dates": _("differs from line %(line)d, which has the same ID number"),
    "id_twice_at_level": _("stands already on line %(line)d at the same education level"),
    "level_fixed": _(
        "differs from the level on record, %(level)s; the level of an enrolment never changes,"
        " another level has a student number of its own"
    ),
    "frozen": _(
        "cannot be changed by a roster any more; ask for a correction, which academic affairs decide"
    ),
    "id_known_other_name": _("differs from the person on record with the same ID number"),
    "id_known_other_birth": _("differs from the person on record with the same ID number"),
    "id_known_at_level": _("belongs to an enrolment at this level under another student number"),
    "id_taken": _("belongs to another person on record"),
    "other_unit": _("belongs to a person of another unit, and the data differ from those on record"),
    "other_unit_state": _("belongs to another unit"),
    "submitted": _("cannot be changed: the picture of this person was handed in for the term on record"),
    "submitted_as": _("cannot be changed: the picture of this person was handed in as a graduate's"),
    "submitted_before": _(
        "is later than the one for which this person's picture was handed in; defer with a roster file, whose preview"
        " says that the image is withdrawn"
    ),
    "in_batch": _(
        "cannot be changed: a batch for the register holds this person with the term on record; only the register's"
        " answer frees the picture"
    ),
    "submitted_by": _("cannot be changed: the picture of this person was handed in by the college on record"),
}


def sentence(code: str, data: Mapping[str, Any]) -> str:
    """The problem in the reader's language, without the column's name."""
    return str(SENTENCES[code]) % dict(data)
