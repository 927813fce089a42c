"""What the recorded events of a person are called in the history; "" for those that a row of their own tells."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from photocampus.event_words import add_values

EVENT_NAMES: dict[str, str | Promise] = {
    "roster_added": _("Put on the roster"),
    "roster_changed": _("Roster entry changed"),
    "roster_moved_class": _("Moved to another class"),
    "roster_corrected_name": _("Name corrected"),
    "roster_corrected_number": _("ID number corrected"),
    "roster_exchanged_number": _("ID numbers exchanged"),
    "roster_deferral": _("Deferred to a later term"),
    "roster_brought_forward": _("Brought forward to an earlier term"),
    "roster_transfer": _("Transferred to another unit"),
    "roster_restored": _("Back on the roster"),
    "roster_new_level": _("New education level"),
    "roster_earlier_picture": _("Earlier picture of the same level is used"),
    "roster_undone": _("Roster upload undone"),
    "roster_state_active": _("Active again"),
    "roster_state_deferred": _("Graduation deferred"),
    "roster_state_transferred": _("Left for another unit"),
    "roster_state_left": _("Left the school"),
    "student_number_changed": _("Student number changed"),
    "exemption_decided": _("Exemption decided"),
    "exemption_ended": _("Exemption ended: the earlier picture was refused"),
    "exemption_restored": _("Exempt again: the earlier picture was accepted after all"),
    "identity_frozen": _("Identity frozen at check-in"),
    "correction_asked": _("Correction asked for"),
    "correction_done": _("Correction carried out"),
    "correction_refused": _("Correction refused"),
    "state_done": "",
    "state_refused": "",
    "reshoot_extended": _("Re-shoot allowed after the window"),
    "picture_filed": "",
    "picture_replaced": _("Picture replaced by a new one"),
    "picture_chosen": _("Picture chosen"),
    "picture_taken_back": _("Picture taken back by the studio: it was filed under this person by mistake"),
    "picture_put_aside": _("Picture taken under a void shot number put aside"),
    "data_reported_wrong": _("The graduate reported a mistake"),
    "data_report_settled": _("The unit settled the report"),
    "seat_taken": _("Chose a time for the make-up"),
    "seat_given_back": _("Gave the make-up time back"),
    "expected": "",
}

# The new value of a decision's event.
add_values("students.graduate", {"yes": _("yes"), "no": _("no")})
# Kinds whose old and new are keys, not words: only the reason is shown.
QUIET = frozenset(
    {
        "picture_replaced",
        "picture_chosen",
        "picture_taken_back",
        "picture_put_aside",
        "data_reported_wrong",
        "identity_frozen",
    }
)
