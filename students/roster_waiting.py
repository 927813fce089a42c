"""What waits around the roster: previews to decide, refused rows, classes to check, corrections to decide."""

from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.waiting import Scope, WaitingItem, urgency, waiting
from students.models import Correction, CorrectionState, Graduate, RosterUpload, UploadState
from students.sign_off import class_checks

STEP_ROSTER, STEP_CHECK = 2, 3


@waiting(role="unit", order=20)
def roster_missing(scope: Scope) -> WaitingItem | None:
    """Nobody is on the roster yet."""
    if Graduate.objects.filter(campaign=scope.campaign, enrolment__unit=scope.unit).exists():
        return None
    address = reverse("students:uploads", args=[scope.unit.code, scope.campaign.code])
    due = urgency(scope.campaign.roster_by, scope.today)
    return WaitingItem(_("Roster to upload"), 1, address, urgency=due, step=STEP_ROSTER)


@waiting(role="unit", order=21)
def previews_to_apply(scope: Scope) -> WaitingItem:
    waiting_uploads = RosterUpload.objects.filter(
        campaign=scope.campaign, unit=scope.unit, state=UploadState.PREVIEWED
    )
    address = reverse("students:uploads", args=[scope.unit.code, scope.campaign.code])
    return WaitingItem(
        _("Roster previews to apply or discard"), waiting_uploads.count(), address, step=STEP_ROSTER
    )


@waiting(role="unit", order=30)
def classes_to_check(scope: Scope) -> WaitingItem:
    """Classes without a sign-off, or with one that later changes have outdated."""
    checks = class_checks(scope.campaign, scope.unit)
    outdated = sum(check.is_outdated for check in checks)
    hint = _("%(n)d of them outdated by later changes") % {"n": outdated} if outdated else ""
    return WaitingItem(
        _("Classes to check and sign off"),
        sum(not check.is_done for check in checks),
        reverse("students:sign-off", args=[scope.unit.code, scope.campaign.code]),
        hint=hint,
        urgency=urgency(scope.campaign.sign_off_by or scope.campaign.roster_by, scope.today),
        step=STEP_CHECK,
    )


@waiting(role="staff", order=20)
def office_previews(scope: Scope) -> WaitingItem:
    waiting_uploads = RosterUpload.objects.filter(
        campaign=scope.campaign, unit=None, state=UploadState.PREVIEWED
    )
    address = reverse("students:office-uploads", args=[scope.campaign.code])
    return WaitingItem(
        _("Roster previews to apply or discard"), waiting_uploads.count(), address, step=STEP_ROSTER
    )


@waiting(role="staff", order=31)
def corrections_to_decide(scope: Scope) -> WaitingItem:
    asked = Correction.objects.filter(graduate__campaign=scope.campaign, state=CorrectionState.ASKED)
    address = reverse("students:office-corrections", args=[scope.campaign.code])
    return WaitingItem(
        _("Corrections of identity to decide"), asked.count(), address, urgency="soon", step=STEP_CHECK
    )
