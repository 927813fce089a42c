"""How changes of the roster are called on a person's page."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from students.history import Entry, history_source, name_events
from students.models import Graduate, RosterUpload

name_events(
    {
        "roster_added": gettext_lazy("Added to the roster by hand"),
        "roster_changed": gettext_lazy("Data changed"),
        "roster_moved_class": gettext_lazy("Moved to another class"),
        "roster_corrected_name": gettext_lazy("Name corrected"),
        "roster_corrected_number": gettext_lazy("ID number corrected"),
        "roster_exchanged_number": gettext_lazy("ID numbers exchanged"),
        "roster_deferral": gettext_lazy("Deferred to a later term"),
        "roster_brought_forward": gettext_lazy("Brought forward to an earlier term"),
        "roster_transfer": gettext_lazy("Transferred between units"),
        "roster_restored": gettext_lazy("Back on the roster"),
        "roster_new_level": gettext_lazy("On the roster with another level"),
        "roster_earlier_picture": gettext_lazy("Earlier picture is used"),
        "roster_undone": gettext_lazy("A roster upload was undone"),
        "roster_state_active": gettext_lazy("Active again"),
        "roster_state_left": gettext_lazy("Left"),
        "roster_state_deferred": gettext_lazy("Deferred"),
        "roster_state_transferred": gettext_lazy("Transferred away"),
        "student_number_changed": gettext_lazy("Student number changed"),
        "exemption_decided": gettext_lazy("Academic affairs decided about an earlier picture"),
        "correction_asked": gettext_lazy("Correction of identity asked for"),
        "correction_done": gettext_lazy("Correction of identity carried out"),
        "correction_refused": gettext_lazy("Correction of identity refused"),
        "state_done": "",
        "state_refused": "",
    }
)


@history_source
def came_by_upload(graduate: Graduate) -> Iterable[Entry]:
    """Who came with a file came at the moment when it was applied."""
    upload = (
        RosterUpload.objects.filter(campaign=graduate.campaign_id, applied_at=graduate.created_at)
        .select_related("by")
        .first()
    )
    if upload is not None:
        yield Entry(
            graduate.created_at, _("On the roster by an uploaded file"), by=str(upload.by), tone="good"
        )
