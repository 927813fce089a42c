"""Light and framing of a shoot over time: order, drift, plots, and who sees them."""

import datetime as dt
import re
from dataclasses import replace

import pytest
from django.urls import reverse
from django.utils import timezone

from photocampus.waiting import Scope, waiting_items
from sessions.models import Attendance, AttendancePhoto
from sessions.plots import hours_around, outline, plot, time_ticks, value_range, value_ticks
from sessions.shoot_measures import Bounds, Measured, drifts, hour_rows, measured_pictures, running_mean
from students.models import Finding, Photo
from tests import factories as make
from tests.shoots.shoot_day import DAY, at, make_photo, make_shoot_day
from units.models import IdentityMode

START = dt.datetime(2018, 4, 17, 9, 30, tzinfo=dt.UTC)
BLUE = (100, 197, 255)


def pictures(values, check="exposure", *, station="A1", every=3) -> list[Measured]:
    return [
        Measured(
            START + dt.timedelta(minutes=every * index), station, f"{station}-{index}", "x", {check: value}
        )
        for index, value in enumerate(values)
    ]


def coloured(colours) -> list[Measured]:
    rows = pictures([0.0] * len(colours), "background_colour")
    return [replace(row, rgb=colour) for row, colour in zip(rows, colours, strict=True)]


def dimmed(share: float):
    return tuple(round(part * share) for part in BLUE)


# -- what moved


def test_faces_that_differ_are_no_drift():
    values = [170 + 25 * (-1) ** index + index % 7 for index in range(80)]
    assert drifts(pictures(values)) == []


def test_brightness_that_falls_by_a_fifth_is_told_with_station_and_time():
    values = [180.0] * 30 + [180 - 2 * index for index in range(20)] + [142.0] * 20
    (drift,) = drifts(pictures(values, station="A2"))
    assert (drift.check, drift.station, drift.start, drift.end) == ("exposure", "A2", 180.0, 142.0)
    assert drift.since == START and drift.until > START + dt.timedelta(minutes=100)


def test_a_lamp_that_fades_behind_the_person_is_seen_in_the_background():
    (drift,) = drifts(coloured([dimmed(1 - 0.002 * index) for index in range(60)]))
    assert drift.check == "background_colour" and drift.end < drift.start - 2
    assert drifts(coloured([BLUE] * 60)) == []


def test_a_lamp_that_came_back_was_still_gone():
    values = [180.0] * 30 + [120.0] * 20 + [180.0] * 30
    assert [drift.end for drift in drifts(pictures(values))] == [120.0]


def test_a_few_pictures_tell_nothing():
    assert drifts(pictures([180.0] * 10 + [100.0] * 10)) == []


@pytest.mark.parametrize(
    ("check", "start", "near", "far"), [("sharpness", 0.7, 0.6, 0.4), ("eye_line", 250, 260, 270)]
)
def test_each_measure_has_its_own_largest_step(check, start, near, far):
    assert drifts(pictures([start] * 30 + [near] * 30, check)) == []
    assert [row.check for row in drifts(pictures([start] * 30 + [far] * 30, check))] == [check]


def test_stations_are_looked_at_apart():
    bright, dark = pictures([180.0] * 40), pictures([120.0] * 40, station="A2")
    assert drifts([row for pair in zip(bright, dark, strict=True) for row in pair]) == []


def test_running_mean_stands_against_one_odd_picture():
    assert running_mean([10, 10, 10, 99, 10, 10, 10], window=5) == [10] * 7


# -- the drawing


def test_plot_places_marks_by_time_and_value():
    rows = pictures([100, 150, 200], every=30)
    drawn = plot(
        "exposure", title="t", summary="s", pictures=rows, bounds=Bounds(85, 215),
        hours=hours_around(rows), stations=["A1"],
    )  # fmt: skip
    points = re.search(r'points="([^"]+)"', drawn.lines)[1].split()
    xs = [float(point.split(",")[0]) for point in points]
    assert xs[0] == drawn.left and xs[2] == drawn.right and xs[1] == pytest.approx(sum(xs[::2]) / 2)
    assert drawn.marks.count("<path") == 3 and "A1-1 10:00 150" in drawn.marks
    assert [tick.text for tick in drawn.x_ticks] == [
        "09:30",
        "09:40",
        "09:50",
        "10:00",
        "10:10",
        "10:20",
        "10:30",
    ]
    assert drawn.top <= drawn.band_top and drawn.band_top + drawn.band_height <= drawn.bottom
    assert "style=" not in drawn.marks + drawn.lines


def test_mark_outside_the_bounds_and_of_the_background_is_marked():
    (row,) = coloured([(90, 10, 20)])
    row = replace(row, bad=frozenset({"background_colour"}), shot="<b>")
    drawn = plot(
        "background_colour", title="t", summary="s", pictures=[row], bounds=Bounds(None, 0.06),
        hours=hours_around([row]), stations=["A1"],
    )  # fmt: skip
    assert 'class="plot-mark plot-0 is-bad plot-own" fill="rgb(90,10,20)"' in drawn.marks
    assert "<b>" not in drawn.marks


def test_axes_have_round_numbers():
    assert value_ticks(78, 222) == [100, 150, 200]
    assert value_ticks(0, 0.2) == [0, 0.05, 0.1, 0.15, 0.2]
    low, high = value_range([0.01], Bounds(None, 0.06))
    assert low == pytest.approx(0.007) and high == pytest.approx(0.063)
    assert value_range([], Bounds())[0] < value_range([], Bounds())[1]
    day = time_ticks(START, START + dt.timedelta(hours=7))
    assert [f"{tick:%H:%M}" for tick in day] == ["10:00", "12:00", "14:00", "16:00"]
    assert len({outline(shape, 1, 1, 3) for shape in range(4)}) == 4


def test_hours_are_summed_up_by_station():
    rows = pictures([100, 110, 120], every=20) + pictures([200], station="A2")
    first, second, third = hour_rows(rows)
    assert (first.station, first.pictures, first.medians[1]) == ("A1", 2, 105)
    assert (second.station, second.medians) == ("A2", (None, 200, None, None))
    assert (third.hour.hour, third.pictures) == (10, 1)


# -- the pages


def add_findings(photo: Photo, *, bad: bool = False) -> None:
    rows = [
        ("background_colour", 0.2 if bad else 0.01, None, 0.06, {"rgb": list(BLUE)}),
        ("exposure", 180, 85, 215, {}),
        ("sharpness", 0.7, 0.35, None, {}),
        ("eye_line", 250, 200, 300, {}),
        ("tilt", 1, None, 3, {}),
    ]
    Finding.objects.bulk_create(
        Finding(photo=photo, check_name=name, measure=measure, low=low, high=high, data=data,
                severity="note", code="background_colour" if bad and name == "background_colour" else "")
        for name, measure, low, high, data in rows
    )  # fmt: skip


@pytest.fixture
def day(db):
    day = make_shoot_day(3)
    with at(9, 45):
        for attendance in day.attendances:
            day.photograph(attendance)
    for index, graduate in enumerate(day.graduates):
        add_findings(make_photo(day, graduate), bad=index == 0)
    return day


def studio_page(day) -> str:
    return reverse("shoots:shoot-measures", args=[day.studio.code, day.campaign.code, day.booking.public_id])


def unit_page(day) -> str:
    return reverse(
        "shoots:unit-shoot-measures", args=[day.unit.code, day.campaign.code, day.booking.public_id]
    )


def test_pictures_come_in_order_with_station_and_shot(day):
    rows, bounds = measured_pictures(Attendance.objects.all(), Photo.objects.all())
    assert [row.shot for row in rows] == ["A2-0417-001", "A2-0417-002", "A2-0417-003"]
    # One and the same minute: put one after the other by their numbers.
    assert [(row.at.hour, row.at.minute) for row in rows] == [(9, 45), (9, 46), (9, 47)]
    assert rows[0].bad == {"background_colour"} and rows[0].rgb == BLUE and rows[1].bad == frozenset()
    assert bounds["exposure"] == Bounds(85, 215) and set(bounds) == set(rows[0].values)


def test_camera_time_counts_only_on_the_day_of_the_shoot(day):
    first, second, _third = [link.photo for link in AttendancePhoto.objects.order_by("shot__number")]
    local = timezone.get_default_timezone()
    Photo.objects.filter(pk=first.pk).update(captured_at=dt.datetime(2018, 4, 17, 11, 5, tzinfo=local))
    Photo.objects.filter(pk=second.pk).update(captured_at=dt.datetime(2001, 1, 1, 0, 0, tzinfo=local))
    rows, _bounds = measured_pictures(Attendance.objects.all(), Photo.objects.all())
    assert [(row.shot[-1], row.at.day, row.at.hour) for row in rows] == [
        ("2", 17, 9),
        ("3", 17, 9),
        ("1", 17, 11),
    ]


@pytest.mark.parametrize(("who", "page"), [("photographer", studio_page), ("coordinator", unit_page)])
def test_page_needs_the_same_queries_for_one_and_many(day, client, who, page, django_assert_max_num_queries):
    client.force_login(getattr(day, who))
    client.get(page(day))
    counts = []
    for _round in range(2):
        with django_assert_max_num_queries(60) as queries:
            answer = client.get(page(day))
        counts.append(len(queries))
        assert len(answer.context["plots"]) == 4
        for graduate in make.make_graduates(3, day.campaign, day.unit):
            make.make_attendance(day.booking, graduate, state="photographed", photographed_at=timezone.now())
            add_findings(make_photo(day, graduate))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("mode", [IdentityMode.ID_CARD, IdentityMode.CAPTURE_CODE])
def test_studio_sees_shot_numbers_and_no_names(day, client, mode):
    type(day.campaign).objects.filter(pk=day.campaign.pk).update(identity_mode=mode)
    client.force_login(day.photographer)
    text = client.get(studio_page(day)).content.decode()
    assert "A2-0417-001" in text
    for graduate in day.graduates:
        enrolment = graduate.enrolment
        assert enrolment.student.name not in text and enrolment.student_number not in text
        assert graduate.public_id not in text


def test_unit_sees_its_own_people_only_and_gets_to_their_picture(day, client):
    other = make.make_unit()
    day.booking.units.add(other)
    stranger = make.make_graduate(day.campaign, other)
    attendance = make.make_attendance(day.booking, stranger)
    with at(9, 50):
        day.photograph(attendance)
    add_findings(make_photo(day, stranger), bad=True)
    client.force_login(day.coordinator)
    answer = client.get(unit_page(day))
    assert len(answer.context["pictures"]) == 3
    text = answer.content.decode()
    assert day.graduates[0].public_id in text and stranger.public_id not in text
    assert "A2-0417-004" not in text
    client.force_login(make.make_coordinator(other))
    foreign = reverse(
        "shoots:unit-shoot-measures", args=[other.code, day.campaign.code, day.booking.public_id]
    )
    assert len(client.get(foreign).context["pictures"]) == 1
    assert client.get(unit_page(day)).status_code == 404


def test_pages_are_closed_to_strangers_and_open_to_academic_affairs(day, client):
    outside = make.make_photographer(make.make_studio(campaign=day.campaign))
    client.force_login(outside)
    assert client.get(studio_page(day)).status_code == 404
    client.force_login(make.make_staff())
    assert client.get(studio_page(day)).status_code == client.get(unit_page(day)).status_code == 200


def test_day_and_station_are_chosen_and_odd_ones_ignored(day, client):
    client.force_login(day.photographer)
    for query, shown in (("", 3), (f"?day={DAY}&station=A2", 3), ("?day=x&station=Z9", 3)):
        answer = client.get(studio_page(day) + query)
        assert (answer.context["day"], len(answer.context["pictures"])) == (DAY, shown)


def test_studio_is_told_on_its_start_page_while_the_lamp_can_be_changed(day, client):
    def waiting() -> list[tuple[int, str]]:
        with at(11):
            scope = Scope(day.photographer, DAY, day.campaign, studio=day.studio)
            items = waiting_items("studio", scope)
        return [(item.count, item.hint) for item in items if "机位" in item.label]

    assert waiting() == []
    for index in range(32):
        graduate = make.make_graduate(day.campaign, day.unit)
        attendance = make.make_attendance(day.booking, graduate)
        with at(10, index):
            day.photograph(attendance)
        add_findings(make_photo(day, graduate))
        if index >= 14:
            found = Finding.objects.filter(
                photo__enrolment=graduate.enrolment_id, check_name="background_colour"
            )
            found.update(data={"rgb": list(dimmed(0.8))})
    assert waiting() == [(1, "机位：A2")]


def test_page_without_pictures_says_so(client, db):
    day = make_shoot_day(1)
    client.force_login(day.photographer)
    assert "本场拍摄尚无照片" in client.get(studio_page(day)).content.decode()


def test_pages_are_reached_from_the_shoot(day, client):
    client.force_login(day.photographer)
    console = reverse("shoots:console", args=[day.studio.code, day.campaign.code, day.booking.public_id])
    assert studio_page(day) in client.get(console).content.decode()
    client.force_login(day.coordinator)
    booking = reverse("shoots:unit-booking", args=[day.unit.code, day.campaign.code, day.booking.public_id])
    assert unit_page(day) in client.get(booking).content.decode()
