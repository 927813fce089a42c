"""What the events of shoots and of the own page are called in a graduate's history."""

from django.utils.translation import gettext_lazy as _

from students.history import name_events


def register() -> None:
    name_events(
        {
            "identity_frozen": _("Identity frozen at check-in"),
            "seat_taken": _("Took a seat at the studio"),
            "seat_given_back": _("Gave the seat at the studio back"),
            "data_reported_wrong": _("Reported data as wrong"),
            "data_report_settled": _("Report settled by the unit"),
            "reshoot_extended": _("Time for a re-shoot extended"),
        }
    )
