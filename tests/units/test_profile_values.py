"""What an image profile refuses where it is entered."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

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
