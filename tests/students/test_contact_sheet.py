"""The contact sheet: as many queries however many pictures, thumbnails that a browser may keep, findings drawn."""

import re
from types import SimpleNamespace

import pytest
from django.urls import reverse

from students.drawing import draw_findings
from students.models import Finding
from tests import factories as make
from tests.students.sheet_people import add_pictures, measured

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(db):
    campaign, unit = make.make_campaign(), make.make_unit()
    studio = make.make_studio(campaign=campaign)
    photographer = make.make_photographer(studio)
    make.make_grant(studio, unit, campaign, by=photographer)
    return SimpleNamespace(
        campaign=campaign,
        unit=unit,
        studio=studio,
        photographer=photographer,
        coordinator=make.make_coordinator(unit),
        people=add_pictures(campaign, unit, studio, photographer, 2),
    )


def unit_sheet(place) -> str:
    return reverse("students:pictures", args=[place.unit.code, place.campaign.code]) + "?class=all"


def studio_sheet(place) -> str:
    return reverse("students:studio-sheet", args=[place.studio.code, place.campaign.code, place.unit.code])


@pytest.mark.parametrize(("who", "sheet"), [("coordinator", unit_sheet), ("photographer", studio_sheet)])
def test_sheet_needs_the_same_queries_for_few_and_many(
    place, client, who, sheet, django_assert_max_num_queries
):
    client.force_login(getattr(place, who))
    client.get(sheet(place))
    counts = []
    for more in (30, 0):
        with django_assert_max_num_queries(60) as queries:
            answer = client.get(sheet(place))
        counts.append((len(queries), answer.content.decode().count('class="overlay"')))
        if more:
            add_pictures(place.campaign, place.unit, place.studio, place.photographer, more)
    assert counts[0][0] == counts[1][0]
    assert [drawn for _queries, drawn in counts] == [2, 32]


def test_thumbnail_is_private_and_kept_only_under_the_hash_of_its_content(place, client):
    client.force_login(place.coordinator)
    page = client.get(unit_sheet(place)).content.decode()
    addresses = re.findall(r'src="(/pictures/[^"]+)"', page)
    assert len(addresses) == 2
    kept = client.get(addresses[0])
    assert kept.status_code == 200 and kept["Cache-Control"] == "private, max-age=86400, immutable"
    plain = client.get(addresses[0].partition("?")[0])
    assert plain["Cache-Control"] == "private, max-age=0, must-revalidate"
    again = client.get(addresses[0].partition("?")[0], HTTP_IF_NONE_MATCH=plain["ETag"])
    assert again.status_code == 304
    for wrong in ("", "a", "0" * 16 + "b"):
        other = client.get(addresses[0].partition("?")[0] + f"?v={wrong}")
        assert other["Cache-Control"] == "private, max-age=0, must-revalidate"


def test_thumbnail_is_authorised_each_time(place, client):
    client.force_login(place.coordinator)
    (address, *_rest) = re.findall(r'src="(/pictures/[^"]+)"', client.get(unit_sheet(place)).content.decode())
    strangers = [make.make_coordinator(make.make_unit())]
    strangers.append(make.make_photographer(make.make_studio(campaign=place.campaign)))
    for stranger in strangers:
        client.force_login(stranger)
        assert client.get(address).status_code == 404
    client.logout()
    assert client.get(address).status_code == 302


def test_logging_out_makes_the_browser_forget_the_pictures(place, client):
    client.force_login(place.coordinator)
    assert client.post(reverse("logout"))["Clear-Site-Data"] == '"cache"'


def test_page_says_when_nobody_looked_for_faces(place, client):
    client.force_login(place.coordinator)
    words = "未安装人脸检测组件"
    assert words not in client.get(unit_sheet(place)).content.decode()
    Finding.objects.filter(check_name="face", photo=place.people[0].picture).update(data={"unchecked": True})
    assert words in client.get(unit_sheet(place)).content.decode()


def test_upload_page_says_that_no_faces_are_searched(place, client, monkeypatch):
    client.force_login(place.photographer)
    address = reverse("students:studio-pictures", args=[place.studio.code, place.campaign.code])
    words = "未安装人脸检测组件"
    assert words not in client.get(address).content.decode()
    monkeypatch.setattr("students.upload_pages.faces_are_searched", lambda: False)
    assert words in client.get(address).content.decode()


# -- what is drawn


def drawing_of(place, **changes):
    rows = measured(place.people[0].picture)
    for row in rows:
        for key, value in changes.get(row.check_name, {}).items():
            setattr(row, key, value)
    return draw_findings(rows)


def test_zones_lines_and_numbers_are_drawn_where_they_were_measured(place):
    drawing = drawing_of(place)
    assert (drawing.width, drawing.height) == (480, 640)
    assert drawing.zones == "M0 50h480v60h-480zM0 200h480v100h-480z"
    # The eye line goes through both eyes and is out of its bounds for the tilt.
    assert drawing.bad == "M0 221.2L480 278.8"
    assert "M144 80L336 80" in drawing.good  # the top of the head
    assert "M120 178L120 394M360 178L360 394" in drawing.good  # 240 wide, around the middle of the eyes
    shown = {(label.text, label.is_bad) for label in drawing.labels}
    assert shown == {("80", False), ("250", False), ("+6.8°", True), ("240", False)}


def test_drawing_is_told_in_words(place):
    words = drawing_of(place).text
    assert "头部倾斜角度（度）: 6.8" in words.replace("：", ": ") or "6.8" in words
    assert "250" in words and "240" in words


def test_wrong_background_marks_the_corners(place):
    drawing = drawing_of(place, background_colour={"code": "background_colour", "measure": 0.2})
    assert drawing.bad.startswith("M9.6 12.8h67.2v89.6h-67.2z")
    assert ("0.2", True) in {(label.text, label.is_bad) for label in drawing.labels}


def test_frame_of_another_profile_is_followed(place):
    eyes = {"left_eye": [380.0, 500.0], "right_eye": [580.0, 500.0], "frame": [960, 1280]}
    drawing = drawing_of(place, eye_line={"data": eyes, "measure": 500, "low": 400, "high": 600})
    assert (drawing.width, drawing.height) == (960, 1280)
    assert "M0 400h960v200h-960z" in drawing.zones


def test_nothing_is_drawn_where_nothing_was_measured(place):
    assert not draw_findings([])
    assert not draw_findings([Finding(check_name="face", severity="note", data={"unchecked": True})])


def test_picture_page_draws_the_same(place, client):
    client.force_login(place.coordinator)
    person = place.people[0]
    page = client.get(
        reverse("students:picture", args=[place.unit.code, place.campaign.code, person.public_id])
    ).content.decode()
    assert 'd="M0 221.2L480 278.8"' in page and "data-measures" in page
    assert not re.search(r'\sstyle="', page)
