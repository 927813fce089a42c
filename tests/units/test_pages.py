"""The notice, accounts and find pages through their doors."""

import datetime as dt
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from photocampus.models import AccessLog, Role, User
from photocampus.sealed import SealBroken, seal, unseal
from photocampus.waiting import Scope
from tests import factories as make
from units import notices
from units.account_import import HEADINGS
from units.models import Acknowledgement, Membership
from units.waiting import notice_to_acknowledge, units_without_acknowledgement

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4 invented"


@pytest.fixture
def staff():
    make.make_school()
    return make.make_staff()


@pytest.fixture
def campaign():
    return make.make_campaign()


@pytest.fixture
def notice(staff, campaign):
    notice = notices.write_notice(
        campaign=campaign, by=staff, title="采集通知", body="# 一、范围\n\n正文", issuer="教务处",
        issued_on=dt.date(2017, 11, 28), document_number="教〔2017〕1号",
    )  # fmt: skip
    notices.attach_file(notice=notice, upload=SimpleUploadedFile("要求.pdf", PDF), by=staff)
    notices.publish_notice(notice=notice, by=staff)
    return notice


def get(client, user, url, **extra):
    client.force_login(user)
    return client.get(url, **extra)


def test_notice_page_for_each_role(client, notice, campaign, staff):
    unit = make.make_unit()
    studio = make.make_studio(campaign=campaign)
    stranger = make.make_photographer(make.make_studio())
    url = reverse("units:read-notice", args=[campaign.code])
    for user in (staff, make.make_coordinator(unit), make.make_photographer(studio)):
        page = get(client, user, url).content.decode()
        assert "教〔2017〕1号" in page and "<h2>一、范围</h2>" in page and studio.address in page
    assert get(client, stranger, url).status_code == 404


def test_attachment_is_served_to_readers_only(client, notice, campaign):
    file = notice.attachments.get()
    url = reverse("units:notice-file", args=[campaign.code, file.public_id])
    answer = get(client, make.make_coordinator(make.make_unit()), url)
    assert b"".join(answer.streaming_content) == PDF and "attachment" in answer["Content-Disposition"]
    assert get(client, make.make_photographer(make.make_studio()), url).status_code == 404


def test_drafts_are_for_staff(client, notice, campaign, staff):
    draft = notices.new_edition(notice=notice, by=staff)
    url = reverse("units:read-edition", args=[campaign.code, draft.edition])
    assert get(client, staff, url).status_code == 200
    assert get(client, make.make_coordinator(make.make_unit()), url).status_code == 404


def test_unit_acknowledges_and_staff_see_who_has_not(client, notice, campaign, staff):
    unit, late = make.make_unit(), make.make_unit()
    coordinator = make.make_coordinator(unit)
    scope = Scope(user=coordinator, today=dt.date(2018, 1, 1), campaign=campaign, unit=unit)
    assert notice_to_acknowledge(scope).count == 1
    client.force_login(coordinator)
    url = reverse("units:acknowledge", args=[unit.code, campaign.code])
    bad = client.post(url, {"contact_name": "王老师", "contact_phone": "无"})
    assert bad.status_code == 200 and not Acknowledgement.objects.exists()
    assert client.post(url, {"contact_name": "王老师", "contact_phone": "13800000000"}).status_code == 302
    assert notice_to_acknowledge(scope).count == 0
    assert units_without_acknowledgement(Scope(user=staff, today=scope.today, campaign=campaign)).count == 1
    page = get(client, staff, reverse("units:acknowledgements", args=[campaign.code])).content.decode()
    assert page.index(late.name) < page.index(unit.name) and "13800000000" in page
    client.force_login(staff)
    assert client.post(url, {"contact_name": "x", "contact_phone": "13800000000"}).status_code == 404
    assert (
        get(client, coordinator, reverse("units:acknowledgements", args=[campaign.code])).status_code == 404
    )


def test_acknowledgements_take_as_many_queries_for_one_unit_as_for_three(client, notice, campaign, staff):
    client.force_login(staff)
    url = reverse("units:acknowledgements", args=[campaign.code])
    counts = []
    for more in (1, 2):
        for _ in range(more):
            unit = make.make_unit()
            notices.acknowledge_notice(
                notice=notice,
                unit=unit,
                contact_name="王",
                contact_phone="13800000000",
                by=make.make_coordinator(unit),
            )
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_own_account_changes_own_details_only(client, staff):
    user = make.make_coordinator(make.make_unit())
    client.force_login(user)
    url = reverse("units:account")
    assert client.post(url, {"name": "新名", "phone": "13900000000", "email": ""}).status_code == 302
    user.refresh_from_db()
    assert (user.name, user.phone.reveal()) == ("新名", "13900000000")
    page = client.get(url).content.decode()
    assert "13900000000" not in page and "139****0000" in page
    client.post(url, {"name": "新名", "phone": "", "email": ""})
    assert User.objects.get(pk=user.pk).phone.reveal() == "13900000000"


def test_new_account_shows_its_password_once(client, staff):
    unit = make.make_unit()
    client.force_login(staff)
    form = {"role": "unit", "username": "wang", "name": "王老师", "units": [unit.pk]}
    page = client.post(reverse("units:account-new"), form).content.decode()
    password = re.search(r">([a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4})<", page).group(1)
    user = User.objects.get(username="wang")
    assert (
        user.check_password(password) and AccessLog.objects.filter(action="passwords_shown", rows=1).exists()
    )
    sealed = re.search(r'name="sealed" value="([^"]+)"', page).group(1)
    answer = client.post(reverse("units:password-sheet"), {"sealed": sealed})
    rows = list(load_workbook(io.BytesIO(answer.content)).active.values)
    assert rows[1] == ("wang", "王老师", password)
    client.force_login(make.make_staff())
    assert client.post(reverse("units:password-sheet"), {"sealed": sealed}).status_code == 302
    client.force_login(user)
    assert client.get(reverse("units:account")).url == reverse("password_change")


def test_account_form_asks_for_the_place(client, staff):
    client.force_login(staff)
    for role in ("unit", "studio"):
        answer = client.post(reverse("units:account-new"), {"role": role, "username": "x", "name": "y"})
        assert answer.status_code == 200 and not User.objects.filter(username="x").exists()


def test_account_acts(client, staff):
    unit = make.make_unit()
    user, successor = make.make_coordinator(unit), make.make_user(Role.UNIT)
    client.force_login(staff)
    assert client.get(reverse("units:account-of", args=[user.username])).status_code == 200
    assert "passwords" in client.post(reverse("units:account-reset", args=[user.username])).templates[0].name
    client.post(reverse("units:account-off", args=[user.username]), {"reason": "离职"})
    assert not User.objects.get(pk=user.pk).is_active
    client.post(reverse("units:account-on", args=[user.username]))
    over = reverse("units:hand-over", args=[user.username, unit.code])
    assert client.get(over).status_code == 200
    assert client.post(over, {"successor": successor.pk, "switch_off": "on"}).status_code == 302
    assert Membership.objects.get(ended_at=None).user == successor
    client.post(reverse("units:end-place", args=[successor.username, unit.code]))
    assert not Membership.objects.filter(ended_at=None).exists()
    other = make.make_unit()
    client.post(reverse("units:account-add-place", args=[successor.username]), {"unit": other.pk})
    assert Membership.objects.get(ended_at=None).unit == other
    client.post(
        reverse("units:account-change", args=[successor.username]), {"name": "改名", "email": "", "phone": ""}
    )
    assert User.objects.get(pk=successor.pk).name == "改名"


def test_import_pages_preview_then_apply(client, staff, settings):
    from photocampus.sheets import sheet_bytes

    make.make_unit("A1")
    client.force_login(staff)
    url = reverse("units:account-import")
    data = sheet_bytes(headings=HEADINGS, rows=[["wang", "王老师", "A1", "", ""], ["li", "", "A1", "", ""]])
    page = client.post(url, {"file": SimpleUploadedFile("x.xlsx", data)}).content.decode()
    assert "wang" in page and not User.objects.filter(username="wang").exists()
    sealed = re.search(r'name="sealed" value="([^"]+)"', page).group(1)
    page = client.post(url, {"sealed": sealed}).content.decode()
    assert User.objects.get(username="wang").must_change_password and "wang" in page
    assert client.get(reverse("units:account-template")).status_code == 200
    assert list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []


@pytest.mark.parametrize("name", ["accounts", "account-new", "account-import", "account-template"])
def test_accounts_are_for_staff_only(client, staff, name):
    for role in (Role.UNIT, Role.STUDIO):
        assert get(client, make.make_user(role), reverse(f"units:{name}")).status_code == 404
    bare = make.make_user(Role.STAFF)
    assert get(client, bare, reverse(f"units:{name}")).status_code == 404


def test_find_person_by_number_name_and_id(client, staff, campaign):
    plain = make.id_number(123456)
    graduate = make.make_graduate(
        campaign, enrolment=make.make_enrolment(student=make.make_student(id_number=plain))
    )
    other = make.make_graduate(campaign)
    client.force_login(staff)
    url = reverse("students:find")
    number = graduate.enrolment.student_number
    for words in (plain, plain.lower(), f" {number} "):
        answer = client.post(url, {"words": words})
        assert answer.status_code == 302 and graduate.public_id in answer.url
        assert plain not in answer.url and number not in answer.url
    type(graduate.enrolment.student).objects.update(name="同名人")
    page = client.post(url, {"words": "同名"}).content.decode()
    assert graduate.public_id in page and other.public_id in page and plain not in page
    assert client.post(url, {"words": plain[:-1]}).status_code == 200
    assert get(client, make.make_coordinator(make.make_unit()), url).status_code == 404


def test_sealed_values_are_for_one_person_one_purpose_and_an_hour(staff, monkeypatch):
    other = make.make_staff()
    text = seal([1, "二"], purpose="a", user=staff)
    assert unseal(text, purpose="a", user=staff) == [1, "二"]
    for kwargs in ({"purpose": "b", "user": staff}, {"purpose": "a", "user": other}):
        with pytest.raises(SealBroken):
            unseal(text, **kwargs)
    with pytest.raises(SealBroken):
        unseal("nonsense", purpose="a", user=staff)
    monkeypatch.setattr("photocampus.sealed.LIFETIME", -1)
    with pytest.raises(SealBroken):
        unseal(text, purpose="a", user=staff)


def test_administrator_is_made_on_the_account_page(client, staff):
    other = make.make_user(Role.STAFF)
    client.force_login(staff)
    address = reverse("units:account-administrator", args=[other.username])
    client.post(address, {"administrator": "yes"})
    assert User.objects.get(pk=other.pk).is_superuser
    assert client.get(reverse("units:account-of", args=[other.username])).status_code == 200
    client.post(address, {"administrator": "no"})
    assert not User.objects.get(pk=other.pk).is_superuser
