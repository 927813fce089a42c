"""What shoots and deliveries keep about people, removed when a campaign's retention has ended (design §5)."""

from sessions.models import Attendance, Booking, Delivery, Problem, ProblemMessage
from students.retention import retention_step
from units.models import Campaign

# In place of what people wrote about a problem.
CLEARED = "—"


@retention_step
def clear_shoots_and_deliveries(campaign: Campaign) -> list[str]:
    """Files and lists of deliveries, companions' telephones, reasons of absence, what was written about problems; counts,
    fees, receipts and the states of problems stay."""
    deliveries = Delivery.objects.filter(campaign=campaign)
    files = list(deliveries.exclude(files="").values_list("files", flat=True))
    deliveries.update(files="", manifest=[])
    Booking.objects.filter(campaign=campaign).update(companion_phone="")
    Attendance.objects.filter(booking__campaign=campaign).exclude(absent_reason="").update(absent_reason="")
    Problem.objects.filter(campaign=campaign).exclude(title=CLEARED).update(title=CLEARED)
    words = ProblemMessage.objects.filter(problem__campaign=campaign).exclude(text="", data={})
    words.update(text="", data={})
    return files
