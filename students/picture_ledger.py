"""What must agree about pictures: what decisions are about, and that uploads left nothing half-done."""

from collections.abc import Iterable

from django.db.models import F, Q, Sum

from photocampus.ledger import ledger_check
from photocampus.models import JobState
from students.models import Decision, Exemption, Graduate, IngestFile, IngestState, Photo, Stage
from students.progress import refused_now


@ledger_check("students.acceptances")
def acceptances() -> Iterable[str]:
    """The unit's current decision is about the picture chosen now."""
    current = Decision.objects.filter(stage=Stage.ACCEPTANCE, is_current=True)
    for pk in current.exclude(graduate__picture=F("photo")).values_list("pk", flat=True):
        yield f"decision {pk}: is current, but not about the picture chosen now"


@ledger_check("students.exemptions")
def exemptions() -> Iterable[str]:
    """Nobody is exempt from a new picture by one that is refused, or by an earlier one and has none (R9).

    A decision of staff may rest on a picture that is not here.
    """
    exempt = Graduate.objects.active().exclude(exemption=Exemption.NONE)
    for pk in exempt.filter(refused_now()).order_by("pk").values_list("pk", flat=True):
        yield f"graduate {pk}: is exempt, but the picture chosen now is refused"
    without = exempt.filter(exemption=Exemption.EARLIER_PICTURE, picture=None).order_by("pk")
    for pk in without.values_list("pk", flat=True):
        yield f"graduate {pk}: is exempt by an earlier picture, but has none"


@ledger_check("students.uploads")
def uploads() -> Iterable[str]:
    """A filed file has its own person's photo, nothing is being read by a job that has ended, no file lacks a piece."""
    by_hand = IngestFile.objects.filter(state=IngestState.FILED).exclude(assigned=None)
    wrong = by_hand.exclude(photo__enrolment=F("assigned__enrolment"))
    for pk in wrong.values_list("pk", flat=True):
        yield f"incoming file {pk}: was assigned to another person than its photo's"
    filed = IngestFile.objects.filter(state=IngestState.FILED, photo__taken_back_at__isnull=False)
    for pk in filed.values_list("pk", flat=True):
        yield f"incoming file {pk}: is filed, but its photo was taken back"
    ended = [JobState.DONE, JobState.CANCELLED]
    stuck = IngestFile.objects.filter(state=IngestState.WORKING, job__state__in=ended)
    for pk in stuck.values_list("pk", flat=True):
        yield f"incoming file {pk}: is being read by a job that has ended"
    whole = IngestFile.objects.exclude(Q(state=IngestState.UPLOADING) | Q(piece_bytes=0) | Q(file=""))
    there = Sum("pieces__size", filter=Q(pieces__has_arrived=True), default=0)
    for pk in whole.annotate(there=there).exclude(there=F("size")).values_list("pk", flat=True):
        yield f"incoming file {pk}: its pieces are not as long as the file"


@ledger_check("students.taken_back")
def taken_back() -> Iterable[str]:
    """A photo that was taken back is nobody's picture, and its files lie in the tray or were filed anew."""
    back = Photo.objects.filter(taken_back_at__isnull=False)
    for pk in back.filter(chosen_by__isnull=False).distinct().values_list("pk", flat=True):
        yield f"photo {pk}: was taken back, but is somebody's picture"
    for pk in back.exclude(original="").values_list("pk", flat=True):
        yield f"photo {pk}: was taken back, but still holds its file"
    current = Decision.objects.filter(photo__in=back, is_current=True)
    for pk in current.values_list("pk", flat=True):
        yield f"decision {pk}: is current, but its photo was taken back"
