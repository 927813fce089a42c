"""Pictures under a new version of a profile: what is missing is made, what exists keeps its bytes."""

import datetime as dt
import io
from dataclasses import replace

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from photocampus.models import Event, Job, JobState
from students.filing import profiles_of
from students.ingest import open_batch, start_ingest
from students.ingest_uploads import add_upload
from students.models import Finding, Photo, Rendition
from students.rederive import NothingToDerive, outdated_photos, start_rederive
from tests import factories as make
from tests.students import odd_pictures as odd
from units.image_profiles import change_profile

pytestmark = pytest.mark.django_db


@pytest.fixture
def filed():
    """A campaign with two people's pictures."""

    class Filed:
        campaign = make.make_campaign()
        unit = make.make_unit()
        studio = make.make_studio(campaign=campaign)
        photographer = make.make_photographer(studio)
        staff = make.make_staff()
        grant = make.make_grant(studio, unit, campaign)
        people = make.make_graduates(2, campaign, unit)

        def put(self, graduate, data):
            batch = open_batch(studio=self.studio, campaign=self.campaign, by=self.photographer)
            name = f"{graduate.enrolment.student_number}.jpg"
            add_upload(batch=batch, upload=SimpleUploadedFile(name, data), by=self.photographer)
            start_ingest(batch=batch, by=self.photographer)
            make.run_jobs()

        def new_version(self, name="small", **changes):
            profile = self.campaign.image_profiles.filter(name=name).order_by("-version").first()
            return change_profile(profile=profile, by=self.staff, **changes)

        def again(self):
            job = start_rederive(campaign=self.campaign, by=self.staff)
            make.run_jobs()
            job.refresh_from_db()
            assert job.state == JobState.DONE, job.error
            return job.result

    one = Filed()
    for seed, graduate in enumerate(one.people):
        one.put(graduate, odd.jpeg(seed, 600, 800))
    return one


def stored():
    return {
        row.pk: (row.file.name, row.sha256, row.file.open("rb").read()) for row in Rendition.objects.all()
    }


def outdated(filed):
    return outdated_photos(filed.campaign, profiles_of(filed.campaign)).count()


def test_new_pictures_are_up_to_date(filed):
    assert outdated(filed) == 0
    with pytest.raises(NothingToDerive):
        start_rederive(campaign=filed.campaign, by=filed.staff)


def test_new_version_gets_its_images_and_the_old_ones_keep_their_bytes(filed):
    before = stored()
    profile = filed.new_version(width=150, height=200)
    assert outdated(filed) == 2
    result = filed.again()
    assert (result["made"], result["checked"], result["unreadable"], result["incomplete"]) == (2, 2, 0, 0)
    after = stored()
    assert {pk: after[pk] for pk in before} == before
    new = Rendition.objects.filter(profile=profile)
    assert [(row.width, row.height) for row in new] == [(150, 200)] * 2
    assert outdated(filed) == 0
    assert Event.objects.filter(kind="pictures_derived_again").count() == 1


def test_the_same_again_changes_nothing(filed):
    filed.new_version(width=150, height=200)
    filed.again()
    before = (
        stored(),
        list(Finding.objects.values_list("photo", "check_name", "code", "measure").order_by("pk")),
    )
    with pytest.raises(NothingToDerive):
        start_rederive(campaign=filed.campaign, by=filed.staff)
    Photo.objects.update(checked_with="")
    assert filed.again()["made"] == 0
    after = (
        stored(),
        list(Finding.objects.values_list("photo", "check_name", "code", "measure").order_by("pk")),
    )
    assert after == before


def test_order_of_the_profiles_makes_no_picture_outdated(filed):
    profiles = profiles_of(filed.campaign)
    turned = replace(profiles, rows=dict(reversed(profiles.rows.items())))
    assert not outdated_photos(filed.campaign, turned).exists()


def test_new_bounds_change_the_findings_and_nothing_else(filed):
    before, kept = stored(), Finding.objects.filter(check_name="captured").count()
    filed.new_version("registration", checks={"sharpness": {"low": 5.0, "refuse_low": 4.0}})
    assert filed.again()["to_refuse"] == 2
    found = Finding.objects.filter(check_name="sharpness")
    assert [(row.code, row.severity, row.low) for row in found] == [("unsharp", "refuse", 5.0)] * 2
    assert Finding.objects.filter(check_name="captured").count() == kept
    assert {pk: value for pk, value in stored().items() if pk in before} == before


def test_picture_of_an_earlier_day_weighs_what_the_profile_says(filed):
    filed.campaign.window_start = dt.date(2018, 5, 1)
    filed.campaign.save()
    filed.put(filed.people[0], odd.turned(1))
    mine = Finding.objects.filter(photo=filed.people[0].enrolment.photos.latest("pk"), check_name="captured")
    assert mine.get().severity == "look"
    for severity in ("refuse", "note", "look"):
        filed.new_version("registration", checks={"captured": {"severity": severity}})
        filed.again()
        assert (mine.get().code, mine.get().severity) == ("earlier_picture", severity)


def test_the_studios_finished_file_is_taken_over_unchanged(filed):
    """R11: a file that fits the new version as well is not made anew."""
    small = Rendition.objects.get(photo=filed_photo(filed), profile__name="small")
    data = small.file.open("rb").read()
    Rendition.objects.filter(pk=small.pk).update(is_studio_file=True)
    filed.new_version(min_bytes=1000)
    filed.again()
    row = Rendition.objects.get(photo=small.photo, profile__name="small", profile__version=2)
    assert row.is_studio_file and row.file.open("rb").read() == data


def filed_photo(filed):
    filed.people[0].refresh_from_db()
    return filed.people[0].picture


def test_picture_that_cannot_be_read_is_named_and_the_others_are_done(filed, capsys):
    photo = filed_photo(filed)
    default_storage.delete(photo.original.name)
    filed.new_version(width=150, height=200)
    with pytest.raises(SystemExit) as left:
        call_command("rederive_pictures", campaign=filed.campaign.code)
    assert left.value.code == 1
    said = capsys.readouterr().out
    assert photo.public_id in said
    assert "made=1 checked=1 incomplete=0 unreadable=1 to_refuse=0" in said
    assert outdated(filed) == 1


def test_dry_run_tells_and_writes_nothing(filed, capsys):
    before = stored()
    filed.new_version(width=150, height=200)
    call_command("rederive_pictures", campaign=filed.campaign.code, dry_run=True)
    assert "made=2 checked=2" in capsys.readouterr().out
    assert (
        stored() == before
        and outdated(filed) == 2
        and not Job.objects.filter(kind="students.rederive").exists()
    )


def test_next_years_standard_is_tried_on_this_years_pictures(filed, capsys):
    year = make.make_campaign(code="2019")
    profile = year.image_profiles.get(name="registration")
    change_profile(profile=profile, by=filed.staff, checks={"sharpness": {"low": 5.0, "refuse_low": 4.0}})
    before = Rendition.objects.count()
    call_command("rederive_pictures", campaign=filed.campaign.code, dry_run=True, standard="2019")
    assert "unsharp: 2" in capsys.readouterr().out
    assert Rendition.objects.count() == before


def test_command_refuses_what_it_cannot_do(filed):
    for options in (
        {"campaign": "1999"},
        {"campaign": filed.campaign.code},
        {"campaign": filed.campaign.code, "standard": "2019"},
    ):
        with pytest.raises(SystemExit) as refused:
            call_command("rederive_pictures", stderr=io.StringIO(), **options)
        assert refused.value.code == 2


def test_staff_start_it_from_the_page_and_watch_the_job(filed, client):
    filed.new_version(width=150, height=200)
    client.force_login(filed.staff, backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("students:pictures-again")
    assert page in client.get(reverse("admin:index")).content.decode()
    answer = client.post(f"{page}?campaign={filed.campaign.code}")
    job = Job.objects.get(kind="students.rederive")
    assert answer["Location"] == reverse("job", args=[job.public_id])
    assert client.post(f"{page}?campaign={filed.campaign.code}")["Location"] == answer["Location"]
    make.run_jobs()
    assert client.get(f"{page}?campaign={filed.campaign.code}").status_code == 200
    assert outdated(filed) == 0


def test_early_picture_in_a_later_campaign_gets_a_file_of_its_own(filed):
    """R9: versions are counted from one in each campaign."""
    later = make.make_campaign(code="2019")
    graduate = make.make_graduate(later, filed.unit)
    photo = filed_photo(filed)
    type(graduate).objects.filter(pk=graduate.pk).update(picture=photo)
    before = stored()
    start_rederive(campaign=later, by=filed.staff)
    make.run_jobs()
    after = stored()
    assert {pk: after[pk] for pk in before} == before
    names = [name for name, _sha, _data in after.values()]
    assert len(names) == len(set(names)) > len(before)
