"""What waits about pictures: to be accepted, in the tray, on the make-up list."""

from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.access import visible_to
from photocampus.waiting import Scope, WaitingItem, urgency, waiting
from students.contact_sheet import waiting_for_decision
from students.makeup import make_up_list
from students.models import IngestBatch, IngestState
from students.tray import tray_of

STEP_PICTURES, STEP_ACCEPTANCE = 8, 9


@waiting(role="unit", order=90)
def pictures_to_accept(scope: Scope) -> WaitingItem:
    address = reverse("students:pictures", args=[scope.unit.code, scope.campaign.code])
    return WaitingItem(
        _("Pictures to accept or refuse"),
        waiting_for_decision(scope.campaign, scope.unit),
        address,
        hint=_("The studio has put them in; go through the sheets class by class."),
        urgency=urgency(scope.campaign.submission_by, scope.today),
        step=STEP_ACCEPTANCE,
    )


@waiting(role="unit", order=91)
def people_for_make_up(scope: Scope) -> WaitingItem:
    address = reverse("students:make-up", args=[scope.unit.code, scope.campaign.code])
    return WaitingItem(
        _("People on the make-up list"),
        make_up_list(scope.campaign, scope.unit).order_by().count(),
        address,
        urgency=urgency(scope.campaign.window_end, scope.today),
        step=STEP_ACCEPTANCE,
    )


@waiting(role="studio", order=80)
def files_in_the_tray(scope: Scope) -> WaitingItem:
    address = reverse("students:picture-tray", args=[scope.studio.code, scope.campaign.code])
    return WaitingItem(
        _("Files in the tray"),
        visible_to(scope.user, tray_of(scope.studio, scope.campaign)).count(),
        address,
        hint=_("They could not be matched or read."),
        step=STEP_PICTURES,
    )


@waiting(role="studio", order=79)
def orders_to_confirm(scope: Scope) -> WaitingItem:
    held = visible_to(scope.user, IngestBatch).filter(
        studio=scope.studio, campaign=scope.campaign, files__state=IngestState.HELD
    )
    batches = list(held.distinct().order_by("-pk")[:50])
    place = [scope.studio.code, scope.campaign.code]
    address = reverse("students:studio-pictures", args=place)
    if batches:
        address = reverse("students:picture-order", args=[*place, batches[0].public_id])
    return WaitingItem(
        _("Orders of frames to confirm"),
        len(batches),
        address,
        hint=_("Nothing of these uploads is filed before."),
        step=STEP_PICTURES,
    )
