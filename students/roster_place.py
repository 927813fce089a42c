"""Where a roster page stands: in one unit (`/unit/…`, coordinators) or over all units (`/office/…`, academic affairs).

The pages themselves are mix-ins; each address has one class that joins a page with its door.
"""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse

from photocampus.views import Page, StaffPage
from units.access import UnitPage
from units.models import Campaign, Unit


class UnitPlace(UnitPage):
    """Not to be inherited without saying what the page `needs`."""

    needs = "view"
    is_office = False

    @property
    def place_unit(self) -> Unit | None:
        return self.unit

    def link(self, name: str, *args: Any) -> str:
        return reverse(f"students:{name}", args=[self.unit.code, self.campaign.code, *args])

    def crumbs(self, *more: tuple[str, str | None]) -> list[tuple[str, str | None]]:
        overview = reverse("shoots:overview", args=[self.unit.code, self.campaign.code])
        return [(self.unit.name, overview), *more]


class OfficePlace(StaffPage):
    """The same over all units."""

    is_office = True
    can_edit = True
    campaign: Campaign

    def dispatch(self, request: HttpRequest, *args: Any, campaign: str, **kwargs: Any) -> HttpResponseBase:
        self.campaign = get_object_or_404(self.scoped(Campaign), code=campaign)
        return super().dispatch(request, *args, **kwargs)

    @property
    def place_unit(self) -> Unit | None:
        return None

    def link(self, name: str, *args: Any) -> str:
        return reverse(f"students:office-{name}", args=[self.campaign.code, *args])

    def crumbs(self, *more: tuple[str, str | None]) -> list[tuple[str, str | None]]:
        return [(self.campaign.name, reverse("students:units", args=[self.campaign.code])), *more]


if TYPE_CHECKING:

    class PlacedPage(Page):
        """What the mix-ins may use: both doors offer it."""

        is_office: bool
        can_edit: bool
        campaign: Campaign
        place_unit: Unit | None

        def link(self, name: str, *args: Any) -> str: ...
        def crumbs(self, *more: tuple[str, str | None]) -> list[tuple[str, str | None]]: ...

else:
    PlacedPage = object
