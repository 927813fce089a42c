"""The studio's picture pages: what they share, and the sheets of its units."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from students.contact_sheet import PER_PAGE as SHEET_PER_PAGE
from students.contact_sheet import class_counts, sheet_people, tiles, unchecked_count, with_tiles
from students.models import IngestBatch
from students.tray import tray_of
from units.access import StudioPage
from units.models import IdentityMode, Unit

PER_PAGE = 60


class PicturesBase(StudioPage):
    """What the studio's picture pages share. Not a page."""

    needs = "view"

    @property
    def shows_people(self) -> bool:
        """Whether names and student numbers may be on the studio's pages (design §5)."""
        return self.campaign.identity_mode == IdentityMode.ID_CARD

    @property
    def place(self) -> list[str]:
        return [self.studio.code, self.campaign.code]

    def units(self) -> Any:
        """Units whose people the studio may see in this campaign."""
        grants = {"grants__studio": self.studio, "grants__campaign": self.campaign, "grants__ended_at": None}
        return Unit.objects.filter(**grants).distinct().order_by("code")

    def batches(self) -> Any:
        own = IngestBatch.objects.filter(studio=self.studio, campaign=self.campaign)
        return self.scoped(own)

    def tray_count(self) -> int:
        return self.scoped(tray_of(self.studio, self.campaign)).count()

    def crumbs(self, last: str = "", *between: tuple[str, str]) -> list[tuple[str, str | None]]:
        here = reverse("students:studio-pictures", args=self.place)
        start: list[tuple[str, str | None]] = [
            (self.studio.short_name or self.studio.name, reverse("units:studio-start"))
        ]
        return (
            [*start, (_("Pictures"), here), *between, (last, None)]
            if last
            else [*start, (_("Pictures"), None)]
        )


class StudioSheet(PicturesBase):
    """`…/pictures/sheet/<unit>/`: the contact sheet of one unit, by class, with findings and the unit's decisions."""

    needs = "view"
    template_name = "students/studio_sheet.html"

    def get(self, request: HttpRequest, unit: str) -> HttpResponse:
        chosen_unit = self.get_scoped(self.units(), code=unit)
        classes = class_counts(self.campaign, chosen_unit)
        chosen = request.GET.get("class", "")
        group = next((row.group for row in classes if row.group.public_id == chosen), None)
        people = sheet_people(self.campaign, chosen_unit)
        if group is not None:
            people = people.filter(enrolment__class_group=group)
        page = Paginator(with_tiles(self.scoped(people)), SHEET_PER_PAGE).get_page(request.GET.get("page"))
        shown = tiles(page)
        return self.render(
            unit=chosen_unit,
            classes=classes,
            group=group,
            page_obj=page,
            tiles=shown,
            unchecked=unchecked_count(shown),
            breadcrumb=self.crumbs(chosen_unit.name),
        )
