"""Links to submissions, verification and batches."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.models import Role
from photocampus.navigation import NavItem, nav_items
from units.models import UnitKind
from units.navigation import place


@nav_items(110)
def submission_pages(request: HttpRequest) -> Iterable[NavItem]:
    here = place(request)
    if here.unit and here.campaign and here.unit.kind == UnitKind.COLLEGE:
        address = reverse("students:submissions", args=[here.unit.code, here.campaign.code])
        yield NavItem(_("Submissions"), address, icon="send", section=here.section)
    if here.role == Role.STAFF:
        section = _("Register")
        yield NavItem(
            _("Verification"), reverse("admin:students_submission_changelist"), icon="verify", section=section
        )
        yield NavItem(
            _("CHSI batches"), reverse("admin:students_exportbatch_changelist"), icon="batch", section=section
        )
        yield NavItem(
            _("Pictures again"), reverse("students:pictures-again"), icon="pictures", section=section
        )
