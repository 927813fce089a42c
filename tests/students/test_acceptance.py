import io

import pytest
from openpyxl import load_workbook

from photocampus.errors import ChangedMeanwhile, NotAllowed
from photocampus.models import AccessLog
from students.acceptance import NoCode, NothingChosen, PictureSubmitted, accept_pictures, refuse_pictures
from students.contact_sheet import class_counts, sheet_people, tiles, with_tiles
from students.makeup import make_up_list
from students.models import (
    Decision,
    Exemption,
    Outcome,
    Photo,
    RefusalCode,
    Rendition,
    Stage,
    Submission,
    SubmissionItem,
)
from students.submissions import refuse_pictures as refuse_at_stage
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    class Place:
        campaign = make.make_campaign()
        unit = make.make_unit()
        studio = make.make_studio(campaign=campaign)
        photographer = make.make_photographer(studio)
        coordinator = make.make_coordinator(unit)
        people = make.make_graduates(3, campaign, unit)

        def picture(self, graduate, name="a"):
            photo = Photo.objects.create(
                enrolment=graduate.enrolment,
                campaign=self.campaign,
                studio=self.studio,
                origin="attendance",
                sha256=f"{name}{graduate.pk}".ljust(64, "0"),
                size=1,
                width=1200,
                height=1600,
                format="JPEG",
                by=self.photographer,
            )
            for profile in self.campaign.image_profiles.all():
                Rendition.objects.create(
                    photo=photo, profile=profile, sha256="0" * 64, size=1, width=1, height=1, made_with="x"
                )
            graduate.picture = photo
            graduate.save(update_fields=["picture"])
            return photo

        def seen(self, *graduates):
            return [(graduate.public_id, graduate.picture.public_id) for graduate in graduates]

    place = Place()
    make.make_grant(place.studio, place.unit, place.campaign, by=place.photographer)
    for person in place.people[:2]:
        place.picture(person)
    return place


def code(name="highlight"):
    return RefusalCode.objects.get(code=name)


def reasons(place):
    return {person.pk: person.makeup_reason for person in make_up_list(place.campaign, place.unit)}


def test_accepted_pictures_are_decided_once(place):
    first, second, _third = place.people
    assert accept_pictures(unit=place.unit, seen=place.seen(first, second), by=place.coordinator) == 2
    assert accept_pictures(unit=place.unit, seen=place.seen(first, second), by=place.coordinator) == 0
    assert Decision.objects.filter(stage=Stage.ACCEPTANCE, outcome=Outcome.YES, is_current=True).count() == 2


def test_decision_is_about_the_picture_that_was_seen(place):
    first = place.people[0]
    seen = place.seen(first)
    place.picture(first, "b")
    for decide in (
        lambda: accept_pictures(unit=place.unit, seen=seen, by=place.coordinator),
        lambda: refuse_pictures(unit=place.unit, seen=seen, code=code(), by=place.coordinator),
    ):
        with pytest.raises(ChangedMeanwhile):
            decide()
    assert not Decision.objects.exists()


def test_only_the_units_own_coordinator_decides(place):
    seen = place.seen(place.people[0])
    stranger = make.make_coordinator(make.make_unit())
    for user in (stranger, make.make_staff(), place.photographer):
        with pytest.raises(NotAllowed):
            accept_pictures(unit=place.unit, seen=seen, by=user)
    other = make.make_unit()
    with pytest.raises(ChangedMeanwhile):
        accept_pictures(unit=other, seen=seen, by=make.make_coordinator(other))


def test_refusal_needs_a_code_and_other_needs_a_note(place):
    seen = place.seen(place.people[0])
    for given, note in ((None, ""), (code("other"), " ")):
        with pytest.raises(NoCode):
            refuse_pictures(unit=place.unit, seen=seen, code=given, by=place.coordinator, note=note)
    with pytest.raises(NothingChosen):
        accept_pictures(unit=place.unit, seen=[], by=place.coordinator)
    assert (
        refuse_pictures(unit=place.unit, seen=seen, code=code("other"), by=place.coordinator, note="线头")
        == 1
    )


def test_submitted_picture_is_not_decided_anew(place):
    first = place.people[0]
    submission = Submission.objects.create(
        college=place.unit, term=first.term, number=1, by=place.coordinator
    )
    SubmissionItem.objects.create(
        submission=submission,
        graduate=first,
        photo=first.picture,
        rendition=first.picture.renditions.get(profile__name="small"),
    )
    with pytest.raises(PictureSubmitted):
        refuse_pictures(unit=place.unit, seen=place.seen(first), code=code(), by=place.coordinator)


def test_make_up_list_names_each_persons_reason(place):
    first, second, third = place.people
    assert reasons(place) == {}
    refuse_pictures(unit=place.unit, seen=place.seen(first), code=code(), by=place.coordinator)
    accept_pictures(unit=place.unit, seen=place.seen(second), by=place.coordinator)
    booking = make.make_booking(place.campaign, place.studio, place.unit)
    make.make_attendance(booking, third, state="absent")
    assert reasons(place) == {first.pk: "refused", third.pk: "absent"}
    place.picture(first, "new")
    assert reasons(place) == {third.pk: "absent"}
    third.exemption = Exemption.STAFF_DECISION
    third.save()
    assert reasons(place) == {}


def test_refusal_by_a_later_stage_leads_to_the_make_up_list(place):
    second = place.people[1]
    accept_pictures(unit=place.unit, seen=place.seen(second), by=place.coordinator)
    refuse_at_stage(
        pairs=[(second.pk, second.picture_id)],
        stage=Stage.CHSI,
        code=code("pixels"),
        by=make.make_staff(),
    )
    (person,) = make_up_list(place.campaign, place.unit)
    assert (person.makeup_reason, person.makeup_code) == ("refused", "pixels")


def test_class_counts_follow_the_decisions(place):
    first, second, _third = place.people
    accept_pictures(unit=place.unit, seen=place.seen(first), by=place.coordinator)
    refuse_pictures(unit=place.unit, seen=place.seen(second), code=code(), by=place.coordinator)
    (row,) = class_counts(place.campaign, place.unit)
    assert (row.people, row.accepted, row.refused, row.missing, row.waiting) == (3, 1, 1, 1, 0)
    states = [tile.state for tile in tiles(with_tiles(sheet_people(place.campaign, place.unit)))]
    assert sorted(states) == ["accepted", "missing", "refused"]


def test_contact_sheet_needs_as_many_queries_for_three_as_for_one(
    place, client, django_assert_max_num_queries
):
    client.force_login(place.coordinator)
    address = f"/unit/{place.unit.code}/{place.campaign.code}/pictures/?class=all"
    counts = []
    client.get(address)
    for _round in range(2):
        with django_assert_max_num_queries(60) as queries:
            assert client.get(address).status_code == 200
        counts.append(len(queries))
        for _more in range(3):
            place.picture(make.make_graduate(place.campaign, place.unit))
    assert counts[0] == counts[1]


def test_coordinator_decides_on_the_pages(place, client):
    first, second, _third = place.people
    client.force_login(place.coordinator)
    base = f"/unit/{place.unit.code}/{place.campaign.code}"
    group = first.enrolment.class_group.public_id
    page = client.get(f"{base}/pictures/?class={group}").content.decode()
    assert first.enrolment.student.name in page and f"{first.public_id}:{first.picture.public_id}" in page
    seen = f"{first.public_id}:{first.picture.public_id}"
    answer = client.post(
        f"{base}/pictures/decide/", {"act": "accept", "seen": seen, "class": group, "page": "1"}
    )
    assert answer.status_code == 302 and f"class={group}" in answer["Location"]
    other = f"{second.public_id}:{second.picture.public_id}"
    client.post(f"{base}/pictures/decide/", {"act": "refuse", "seen": other, "code": "eyes_closed"})
    assert Decision.objects.get(graduate=second, is_current=True).code.code == "eyes_closed"
    assert client.get(f"{base}/pictures/{second.public_id}/").status_code == 200
    assert "闭眼" in client.get(f"{base}/make-up/").content.decode()
    answer = client.post(f"{base}/make-up/file/")
    rows = list(load_workbook(io.BytesIO(answer.content)).active.values)
    assert rows[1][1] == second.enrolment.student_number and "闭眼" in rows[1][3]
    assert AccessLog.objects.filter(action="make_up_list", rows=1).exists()


def test_a_reason_beside_an_acceptance_decides_nothing(place, client):
    """Enter in the note presses the form's first button where no script runs."""
    client.force_login(place.coordinator)
    seen = f"{place.people[0].public_id}:{place.people[0].picture.public_id}"
    base = f"/unit/{place.unit.code}/{place.campaign.code}/pictures"
    data = {"act": "accept", "seen": seen, "code": "eyes_closed", "note": "左眼"}
    page = client.post(f"{base}/decide/", data, follow=True).content.decode()
    assert "message-error" in page and not Decision.objects.exists()


def test_pages_are_closed_to_others(place, client):
    first = place.people[0]
    base = f"/unit/{place.unit.code}/{place.campaign.code}"
    stranger = make.make_coordinator(make.make_unit())
    outside = make.make_photographer(make.make_studio(campaign=place.campaign))
    image = f"/pictures/{first.picture.public_id}/small/"
    for user in (stranger, outside):
        client.force_login(user)
        for address in (
            f"{base}/pictures/",
            f"{base}/pictures/{first.public_id}/",
            f"{base}/make-up/",
            image,
        ):
            assert client.get(address).status_code == 404
    client.force_login(make.make_staff())
    assert client.get(f"{base}/pictures/?class=all").status_code == 200
    assert client.post(f"{base}/pictures/decide/", {"act": "accept"}).status_code == 404


def test_ledger_names_a_picture_of_somebody_else_and_a_stale_decision(place):
    from photocampus.ledger import disagreements

    first, second, _third = place.people
    accept_pictures(unit=place.unit, seen=place.seen(first), by=place.coordinator)
    checks = ["students.acceptances", "students.pictures", "students.uploads"]
    assert list(disagreements(checks)) == []
    type(first).objects.filter(pk=first.pk).update(picture=second.picture)
    found = [str(row) for row in disagreements(checks)]
    assert len(found) == 2
    assert "not about the picture chosen now" in found[0]
    assert f"graduate {first.pk} has chosen picture {second.picture_id}" in found[1]
