"""What shoots and deliveries keep about people, removed when a campaign's retention has ended (design §5)."""

from sessions.models import Attendance, Booking, Delivery
from students.retention import retention_step
from units.models import Campaign


@retention_step
def clear_shoots_and_deliveries(campaign: Campaign) -> list[str]:
    """Files and lists of deliveries, companions' telephones, reasons of absence; counts, fees and receipts stay."""
    deliveries = Delivery.objects.filter(campaign=campaign)
    files = list(deliveries.exclude(files="").values_list("files", flat=True))
    deliveries.update(files="", manifest=[])
    Booking.objects.filter(campaign=campaign).update(companion_phone="")
    Attendance.objects.filter(booking__campaign=campaign).exclude(absent_reason="").update(absent_reason="")
    return files
