"""The order of a card's frames, shown before anything is filed: the first doubtful frame, corrections, confirmation."""

import datetime as dt
import re
from collections import Counter
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus.errors import DomainError
from students.ingest_order import (
    CARD_FRAME,
    choose_day,
    confirm_order,
    fingerprint,
    held_files,
    pin_frame,
    shots_of,
)
from students.matching import ListedShot, shot_lists
from students.models import Graduate, IngestBatch, IngestFile
from students.studio_pictures import PicturesBase

FRAMES_PER_PAGE = 60
PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{1,24}")
DOUBTS: dict[str, str | Promise] = {
    "unsure": gettext_lazy("not sure: other numbers fit as well"),
    "order": gettext_lazy("file order and time of capture contradict each other"),
    "double": gettext_lazy("two frames of one number: the later one counts"),
    "nobody": gettext_lazy("no number fits"),
    CARD_FRAME: gettext_lazy("number card"),
}


def day_choices(page: PicturesBase) -> list[tuple[str, str]]:
    """`A2 2018-04-17` with the number of shot numbers, the newest day first."""
    days = shot_lists().days(page.studio, page.campaign)
    return [
        (day_key(row.station, row.day), f"{row.station} {row.day:%Y-%m-%d} ({row.count})") for row in days
    ]


def day_key(station: str, day: dt.date | None) -> str:
    return f"{station} {day:%Y-%m-%d}" if station and day else ""


def read_day_key(key: str) -> tuple[str, dt.date]:
    """Undo `day_key`. Raises `ValueError`."""
    station, _sep, day = key.rpartition(" ")
    return station, dt.date.fromisoformat(day)


class DayForm(forms.Form):
    shots = forms.ChoiceField(label=gettext_lazy("Shot numbers of"), choices=[])

    def __init__(self, *args: Any, page: PicturesBase, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shots"].choices = day_choices(page)  # type: ignore[attr-defined]


class OrderBase(PicturesBase):
    """What the page and its acts share. Not a page."""

    needs = "view"

    def batch(self, public_id: str) -> IngestBatch:
        row: IngestBatch = self.get_scoped(
            self.batches().select_related("studio", "campaign", "unit"), public_id=public_id
        )
        return row


class OrderPage(OrderBase):
    """`…/uploads/<upload>/order/`: every frame beside the number it stands for, in the order of the files."""

    needs = "view"
    template_name = "students/order.html"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        batch = self.batch(public_id)
        rows, shots = held_files(batch), shots_of(batch)
        if not rows:
            return redirect("students:picture-batch", *self.place, batch.public_id)
        self.explain(rows, shots)
        doubtful = [row for row in rows if row.why]  # type: ignore[attr-defined]
        page = Paginator(rows, FRAMES_PER_PAGE).get_page(request.GET.get("page"))
        there = {row.shot for row in rows}
        return self.render(
            batch=batch,
            page_obj=page,
            frames=len(rows),
            first=doubtful[0] if doubtful else None,
            counts=[(DOUBTS[name], count) for name, count in self.count(rows).items()],
            sure=sum(bool(row.shot) and (not row.why or row.is_double) for row in rows),  # type: ignore[attr-defined]
            shots=[shot for shot in shots if not shot.is_void],
            missing=[shot.code for shot in shots if not shot.is_void and shot.code not in there],
            seen=fingerprint(rows),
            day_form=DayForm(page=self, initial={"shots": day_key(batch.station, batch.day)}),
            breadcrumb=self.crumbs(
                _("Order of the frames"),
                (_("Upload"), reverse("students:picture-batch", args=[*self.place, batch.public_id])),
            ),
        )

    def count(self, rows: list[IngestFile]) -> Counter[str]:
        return Counter(name for row in rows for name in row.doubts.split())

    def explain(self, rows: list[IngestFile], shots: list[ListedShot]) -> None:
        """What the template shows of each frame; people and classes only where the studio may know them."""
        people = self.scoped(Graduate).filter(pk__in={shot.graduate.pk for shot in shots})
        seen = set(people.order_by().values_list("pk", flat=True))
        known = {shot.code: shot for shot in shots if shot.graduate.pk in seen}
        for position, row in enumerate(rows):
            names = row.doubts.split()
            shot = known.get(row.shot)
            row.why = [DOUBTS[name] for name in names if name != CARD_FRAME]  # type: ignore[attr-defined]
            row.is_double = names == ["double"]  # type: ignore[attr-defined]
            row.is_card = CARD_FRAME in names  # type: ignore[attr-defined]
            row.listed = shot  # type: ignore[attr-defined]
            row.person = shot.graduate if shot and self.shows_people else None  # type: ignore[attr-defined]
            row.page_number = position // FRAMES_PER_PAGE + 1  # type: ignore[attr-defined]


class OrderAct(OrderBase):
    """POST: choose station and day, fix or free one frame, confirm."""

    needs = "edit"

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        batch = self.batch(public_id)
        here = reverse("students:picture-order", args=[*self.place, batch.public_id])
        try:
            return redirect(self.act(batch, request.POST.get("act", ""), here))
        except DomainError as error:
            # The browser goes to the frame: the message stands there, too.
            messages.error(request, str(error), extra_tags=request.POST.get("file", ""))
        return redirect(self.same_place(here))

    def same_place(self, here: str) -> str:
        """The page and the frame that somebody worked on, where it is known."""
        number, file = self.request.POST.get("page", ""), self.request.POST.get("file", "")
        page = f"?page={number}" if number.isdigit() else ""
        return f"{here}{page}#frame-{file}" if PUBLIC_ID.fullmatch(file) else f"{here}{page}"

    def act(self, batch: IngestBatch, act: str, here: str) -> str:
        data = self.request.POST
        if act == "day":
            form = DayForm(data, page=self)
            if form.is_valid():
                station, day = read_day_key(form.cleaned_data["shots"])
                choose_day(batch=batch, station=station, day=day, by=self.user)
            else:
                messages.error(self.request, _("Please choose the station and the day from the list."))
        elif act in ("pin", "free", "nobody"):
            row = self.get_scoped(batch.files.select_related("batch__studio"), public_id=data.get("file", ""))
            shot = {"pin": data.get("shot", "").strip().upper(), "free": None, "nobody": ""}[act]
            pin_frame(file=row, shot=shot, by=self.user)
            return self.same_place(here)
        elif act in ("confirm", "confirm_sure"):
            only_sure = act == "confirm_sure"
            confirm_order(batch=batch, seen=data.get("seen", ""), only_sure=only_sure, by=self.user)
            return reverse("students:picture-batch", args=[*self.place, batch.public_id])
        return here
