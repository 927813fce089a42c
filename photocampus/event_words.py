"""What the kinds of events are called in the admin's lists and histories. A kind without a word shows itself."""

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus.lists import join_words
from photocampus.models import Event

WORDS: dict[str, str | Promise] = {
    "created": gettext_lazy("Created"),
    "changed": gettext_lazy("Changed"),
    "imported": gettext_lazy("Imported"),
    "taken_out": gettext_lazy("Taken out"),
    "set_up": gettext_lazy("Portal set up"),
    "demo_removed": gettext_lazy("Demonstration removed"),
    "demo_date_advanced": gettext_lazy("Demonstration moved on"),
    "retention_run": gettext_lazy("Personal data removed after their time"),
    "account_created": gettext_lazy("Account created"),
    "account_switched_off": gettext_lazy("Account switched off"),
    "account_switched_on": gettext_lazy("Account switched on again"),
    "password_reset": gettext_lazy("New one-time password"),
    "details_changed": gettext_lazy("Details changed"),
    "administrator_made": gettext_lazy("Became an administrator"),
    "administrator_unmade": gettext_lazy("No longer an administrator"),
    "membership_began": gettext_lazy("Began to work there"),
    "membership_ended": gettext_lazy("No longer works there"),
    "handed_over": gettext_lazy("Handed over"),
    "campaign_created": gettext_lazy("Campaign created"),
    "campaign_copied": gettext_lazy("Campaign copied"),
    "campaign_changed": gettext_lazy("Campaign changed"),
    "term_set": gettext_lazy("Term set"),
    "contract_added": gettext_lazy("Contract added"),
    "profile_changed": gettext_lazy("New version of an image profile"),
    "grant_given": gettext_lazy("Studio may see the unit"),
    "grant_ended": gettext_lazy("Studio no longer sees the unit"),
    "notice_written": gettext_lazy("Notice drafted"),
    "notice_changed": gettext_lazy("Notice changed"),
    "notice_published": gettext_lazy("Notice published"),
    "notice_acknowledged": gettext_lazy("Notice acknowledged"),
    "contact_changed": gettext_lazy("Contact person changed"),
    "attachment_added": gettext_lazy("Attachment added"),
    "attachment_taken_off": gettext_lazy("Attachment taken off"),
    "route_overridden": gettext_lazy("Route decided by academic affairs"),
    "route_override_ended": gettext_lazy("Route follows the rule again"),
    "flagged": gettext_lazy("Booking flagged"),
    "kept": gettext_lazy("Booking kept with a reason"),
    "moved": gettext_lazy("Booking moved"),
    "calendar_address_made": gettext_lazy("Calendar address made"),
    "calendar_address_renewed": gettext_lazy("Calendar address renewed"),
    "calendar_address_revoked": gettext_lazy("Calendar address revoked"),
    "people_transferred_out": gettext_lazy("People transferred to another unit"),
    "people_transferred_in": gettext_lazy("People transferred here"),
    "urged": gettext_lazy("Reminded by academic affairs"),
    "deadline_near": gettext_lazy("Deadline near"),
    "shoot_near": gettext_lazy("Shoot near"),
    "hold_ends_soon": gettext_lazy("Held hours lapse soon"),
    "said": gettext_lazy("Message written"),
    "items_returned": gettext_lazy("Images returned"),
    "items_withdrawn": gettext_lazy("Images withdrawn: their people graduate later"),
    "items_restored": gettext_lazy("Images back in the submission: the deferral was undone"),
    "flag_cleared": gettext_lazy("Booking no longer flagged"),
    "companion_named": gettext_lazy("Companion named"),
    "venue_added": gettext_lazy("Venue added"),
    "venue_chosen": gettext_lazy("Venue chosen"),
    "venue_retired": gettext_lazy("Venue no longer used"),
    "venue_changed": gettext_lazy("Venue changed"),
    "venue_photo_added": gettext_lazy("Picture of the venue added"),
    "venue_photo_removed": gettext_lazy("Picture of the venue taken away"),
    "plan_made": gettext_lazy("Plan made"),
    "plan_moved": gettext_lazy("Plan changed"),
    "plan_added": gettext_lazy("Plan entry added"),
    "plan_removed": gettext_lazy("Plan entry removed"),
    "plan_locked": gettext_lazy("Plan entry locked"),
    "plan_unlocked": gettext_lazy("Plan entry unlocked"),
    "plan_undone": gettext_lazy("Change of the plan undone"),
    "replanned": gettext_lazy("Rest of the day planned anew"),
    "hours_blocked": gettext_lazy("Hours of a class blocked"),
    "hours_unblocked": gettext_lazy("Hours of a class free again"),
    "plan_broken": gettext_lazy("Plan exceeds what a station takes"),
    "plan_followed": gettext_lazy("Plan moved along with the shoot"),
    "disturbance": gettext_lazy("Disturbance"),
    "disturbance_longer": gettext_lazy("Disturbance expected to end at another time"),
    "disturbance_ended": gettext_lazy("Disturbance over"),
    "shot_issued": gettext_lazy("Shot number issued"),
    "shot_voided": gettext_lazy("Shot number voided"),
    "receipt_issued": gettext_lazy("Receipt issued"),
    "receipt_voided": gettext_lazy("Receipt voided"),
    "identity_frozen": gettext_lazy("Identity frozen at check-in"),
    "id_differs": gettext_lazy("ID number compared: different"),
    "fee_due": gettext_lazy("Fee due"),
    "delivery_prepared": gettext_lazy("Delivery prepared"),
    "class_checked": gettext_lazy("Class signed off"),
    "correction_asked": gettext_lazy("Correction of identity asked for"),
    "exemption_decided": gettext_lazy("Exemption decided"),
    "exemption_ended": gettext_lazy("Exemption ended: the earlier picture was refused"),
    "exemption_restored": gettext_lazy("Exempt again: the earlier picture was accepted after all"),
    "student_number_changed": gettext_lazy("Student number changed"),
    "reshoot_extended": gettext_lazy("Time for a re-shoot extended"),
    "uploaded": gettext_lazy("Uploaded"),
    "batch_opened": gettext_lazy("Batch begun"),
    "acceptance_yes": gettext_lazy("Picture accepted by the unit"),
    "acceptance_no": gettext_lazy("Picture refused by the unit"),
    "verification_yes": gettext_lazy("Image verified"),
    "verification_no": gettext_lazy("Image returned by academic affairs"),
    "chsi_yes": gettext_lazy("Passed by CHSI"),
    "chsi_no": gettext_lazy("Not passed by CHSI"),
    "submitted": gettext_lazy("Submitted"),
    "batched": gettext_lazy("Put into a batch"),
    "answered": gettext_lazy("Answer received"),
    "reported": gettext_lazy("Reported"),
    "picture_filed": gettext_lazy("Picture filed"),
    "expected_people": gettext_lazy("Expected people settled"),
    "individual_day_opened": gettext_lazy("Day opened for individuals"),
    "seat_taken": gettext_lazy("Seat taken"),
    "seat_given_back": gettext_lazy("Seat given back"),
    "walk_in": gettext_lazy("Came without an appointment"),
    "station_added": gettext_lazy("Station added"),
    "station_changed": gettext_lazy("Station changed"),
    "closure_added": gettext_lazy("Closure added"),
    "closure_removed": gettext_lazy("Closure removed"),
    "exception_set": gettext_lazy("Exceptional day set"),
    "exception_removed": gettext_lazy("Exceptional day removed"),
    "weekly_hours_set": gettext_lazy("Weekly hours set"),
    "weekly_hours_removed": gettext_lazy("Weekly hours taken back"),
    "day_off_added": gettext_lazy("Station's day off added"),
    "day_off_removed": gettext_lazy("Station's day off removed"),
    "collected": gettext_lazy("Collected"),
    "receipt_valid_again": gettext_lazy("Receipt valid again"),
    "file_assigned": gettext_lazy("File assigned by hand"),
    "file_taken_back": gettext_lazy("Assignment of the file taken back"),
    "picture_taken_back": gettext_lazy("Picture taken back from this person"),
    "picture_put_aside": gettext_lazy("Picture taken under a void shot number put aside"),
    "order_day_chosen": gettext_lazy("Frames compared with the numbers of a day"),
    "order_corrected": gettext_lazy("Frame set to a shot number by hand"),
    "order_confirmed": gettext_lazy("Order of frames confirmed"),
    "file_sent_again": gettext_lazy("File put in again under another name"),
    "file_discarded": gettext_lazy("File discarded"),
    "file_refused": gettext_lazy("File refused"),
    "file_retried": gettext_lazy("File tried again"),
    "pictures_derived_again": gettext_lazy("Pictures derived and checked again"),
    "studio_file_joined": gettext_lazy("Finished file of the studio joined"),
    "gone_decided": gettext_lazy("Decided about who is gone"),
    "answer_applied": gettext_lazy("Answer applied"),
    "problem_answered": gettext_lazy("Message about a problem"),
    "problem_handed_over": gettext_lazy("Problem handed over"),
}


# What an app says of kinds of its own, such as those on a person's page (`students.history`).
_more: dict[str, str | Promise] = {}


def add_words(words: Mapping[str, str | Promise]) -> None:
    """Call further kinds by a name; "" is none."""
    _more.update({kind: word for kind, word in words.items() if word})


def all_words() -> dict[str, str]:
    """Kind → word in the reader's language."""
    return {kind: str(word) for kind, word in {**_more, **WORDS}.items()}


def word_of(kind: str, subject: str = "", new: str = "") -> str:
    """The words for a kind; a change of state says which (`subject` is such as `units.campaign`)."""
    if kind in WORDS:
        return str(WORDS[kind])
    if kind in _more:
        return str(_more[kind])
    field, _sep, value = kind.partition("_")
    if field == "state":
        return _("State: %(state)s") % {"state": value_word(subject, new or value)}
    return kind


# Values of no field's choices, such as the flags of a booking: kind of object → value → word.
_values: dict[str, dict[str, str | Promise]] = {}


def add_values(subject: str, words: Mapping[str, str | Promise]) -> None:
    """Say what stored values in the history of a kind of object are called."""
    _values.setdefault(subject, {}).update(words)


def value_word(subject: str, value: str) -> str:
    """A stored state as its word, where the kind of object has such a state."""
    try:
        model: Any = apps.get_model(subject)
    except (LookupError, ValueError):
        return value
    for field in model._meta.concrete_fields:
        if field.name in ("state", "roster_state", "role") and value in dict(field.flatchoices):
            return str(dict(field.flatchoices)[value])
    known = _values.get(subject, {})
    parts = value.split()
    return join_words(known[part] for part in parts) if parts and set(parts) <= set(known) else value


def changed_fields(event: Event) -> list[tuple[str, str, str]]:
    """(name, before, after) of the fields that an event changed, in words; its further data are for the program."""
    try:
        model: Any = apps.get_model(event.subject_type)
    except (LookupError, ValueError):
        return []
    fields = {field.name: field for field in model._meta.concrete_fields}
    return [
        (str(fields[name].verbose_name), *(_in_words(fields[name], value) for value in change))
        for name, change in event.data.items()
        if name in fields and isinstance(change, list) and len(change) == 2
    ]


def _in_words(field: Any, value: Any) -> str:
    words = {str(choice): str(word) for choice, word in field.flatchoices or ()}
    if field.get_internal_type() == "BooleanField":
        words = {"True": _("yes"), "False": _("no")}
    return words.get(str(value), "" if value is None or value == "None" else str(value))
