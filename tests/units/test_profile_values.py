"""What an image profile refuses where it is entered."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import translation

from tests import factories as make
from units.image_profiles import change_profile
from units.models import ImageProfile

pytestmark = pytest.mark.django_db


@pytest.fixture
def profile():
    return make.make_campaign().image_profiles.get(name="registration")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"backgrounds": [[100, 197]]}, "backgrounds"),
        ({"backgrounds": [[100, 197, 256]]}, "backgrounds"),
        ({"backgrounds": "blue"}, "backgrounds"),
        ({"eyes_min": 300, "eyes_max": 200}, "eyes_max"),
        ({"eyes_max": 700}, "eyes_max"),
        ({"face_max": 481}, "face_max"),
        ({"hairline_min": None}, "hairline_max"),
        ({"checks": {"smile": {"high": 1}}}, "checks"),
        ({"checks": {"tilt": {"high": 9}}}, "checks"),
    ],
)
def test_values_that_no_picture_can_be_checked_by_are_refused(profile, changes, field):
    with pytest.raises(ValidationError) as refused:
        change_profile(profile=profile, by=make.make_staff(), **changes)
    assert list(refused.value.message_dict) == [field]
    assert ImageProfile.objects.filter(name="registration").count() == 1


def test_bounds_of_checks_make_a_new_version(profile):
    checks = {"tilt": {"high": 2.5}, "background_colour": {"severity": "look"}}
    assert change_profile(profile=profile, by=make.make_staff(), checks=checks).checks == checks


def test_default_profiles_can_be_used():
    for profile in make.make_campaign().image_profiles.all():
        profile.full_clean(validate_unique=False)


def test_admin_shows_the_problem_beside_the_field(client, profile):
    client.force_login(make.make_staff(), backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("admin:units_imageprofile_change", args=[profile.pk]))
    form = page.context["adminform"].form
    values = {name: form.initial.get(name) for name in form.fields}
    data = {name: "" if value is None else value for name, value in values.items()}
    data |= {"backgrounds": "[[100,197,255]]", "checks": '{"tilt": {"high": 9}}'}
    answer = client.post(reverse("admin:units_imageprofile_change", args=[profile.pk]), data)
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == ["checks"]


@pytest.mark.parametrize(
    ("name", "check", "home"),
    [
        ("small", "exposure", "registration image"),
        ("small", "captured", "registration image"),
        ("large", "tilt", "registration image"),
        ("registration", "bytes_small", "small image"),
        ("small", "bytes_registration", "registration image"),
    ],
)
def test_check_that_another_profile_has_a_say_in_is_refused_with_its_name(profile, name, check, home):
    mine = profile.campaign.image_profiles.get(name=name)
    with translation.override("en"), pytest.raises(ValidationError) as refused:
        change_profile(profile=mine, by=make.make_staff(), checks={check: {"severity": "look"}})
    text = f"{check} has no effect in this profile; enter it in the profile “{home}”."
    assert refused.value.message_dict == {"checks": [text]}


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("small", "bytes_small"),
        ("small", "pixels"),
        ("large", "pixels"),
        ("registration", "bytes_registration"),
        ("registration", "exposure"),
        ("registration", "head_cut"),
        ("registration", "colour_profile"),
    ],
)
def test_check_that_a_profile_has_a_say_in_is_taken(profile, name, check):
    mine = profile.campaign.image_profiles.get(name=name)
    checks = {check: {"severity": "look"}}
    assert change_profile(profile=mine, by=make.make_staff(), checks=checks).checks == checks


@pytest.mark.parametrize(
    ("name", "check", "without"),
    [
        ("large", "bytes_large", {}),
        ("registration", "top_of_head", {"hairline_min": None, "hairline_max": None}),
        ("registration", "head_cut", {"hairline_min": None, "hairline_max": None}),
        ("registration", "background_colour", {"backgrounds": []}),
    ],
)
def test_check_without_anything_to_be_measured_against_is_refused(profile, name, check, without):
    mine = profile.campaign.image_profiles.get(name=name)
    with translation.override("en"), pytest.raises(ValidationError) as refused:
        change_profile(profile=mine, by=make.make_staff(), checks={check: {"severity": "look"}}, **without)
    text = f"{check} has no effect: this profile says nothing that it could be measured against."
    assert refused.value.message_dict == {"checks": [text]}


def test_profile_that_takes_the_say_from_another_is_refused_while_that_one_uses_it(profile):
    staff, small = make.make_staff(), profile.campaign.image_profiles.get(name="small")
    geometry = {"eyes_min": 100, "eyes_max": 150, "face_min": 90, "face_max": 150}
    change_profile(profile=profile, by=staff, checks={"tilt": {"high": 2.5}, "pixels": {"severity": "look"}})
    with translation.override("en"), pytest.raises(ValidationError) as refused:
        change_profile(profile=small, by=staff, **geometry)
    text = "With these values the profile “registration image” would no longer have a say in: tilt."
    assert refused.value.message_dict == {"checks": [text]}


def test_other_wrong_values_do_not_hinder_the_words_about_checks(profile):
    with pytest.raises(ValidationError) as refused:
        change_profile(
            profile=profile, by=make.make_staff(), backgrounds=5, width=None, checks={"bytes_small": {}}
        )
    assert {"backgrounds", "width"} <= set(refused.value.message_dict)
