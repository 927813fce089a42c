"""The admin in a real browser: whatever the policy forbids would be in the console."""

import datetime as dt

import pytest

from photocampus.models import School
from photocampus.sheets import sheet_bytes
from tests import factories as make
from units.models import Campaign, Notice, Unit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a long password 1"


@pytest.fixture
def complaints(page):
    """What the console, the page or the server complained about."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("response", lambda answer: found.append(answer.url) if answer.status >= 400 else None)
    return found


@pytest.fixture
def logged_in(page):
    School.objects.get_or_create(singleton=True, defaults={"code": "51160", "name": "测试开放大学"})
    make.make_staff(username="boss", password=PASSWORD)
    page.goto("/login/")
    page.fill("[name=username]", "boss")
    page.fill("[name=password]", PASSWORD)
    page.click("main button.button-primary, main button[type=submit]")
    page.wait_for_url("**/admin/")
    return page


def test_admin_pages_work_under_the_policy(logged_in, complaints):
    page = logged_in
    campaign, unit = make.make_campaign(), make.make_unit("A1")
    studio = make.make_studio(campaign=campaign)
    Notice.objects.create(
        campaign=campaign, title="通知", body="x", issuer="教务处", issued_on=dt.date(2017, 11, 28)
    )
    for address in (
        "/admin/",
        "/admin/units/",
        "/admin/units/unit/",
        "/admin/units/unit/add/",
        f"/admin/units/unit/{unit.pk}/change/",
        f"/admin/units/unit/{unit.pk}/history/",
        f"/admin/units/studio/{studio.pk}/change/",
        "/admin/units/notice/add/",
        "/admin/students/graduate/?roster_state__exact=active",
        "/admin/photocampus/event/",
        "/admin/units/unit/export/",
        f"/admin/units/campaign/{campaign.pk}/act/close/",
    ):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), address
    page.goto(f"/admin/units/campaign/{campaign.pk}/change/")
    page.click("#terms-group .add-row a")
    page.fill("#id_terms-2-code", "2018-09")
    page.click("#id_terms-2-graduation_date ~ .datetimeshortcuts a >> nth=0")
    page.fill("#id_threshold", "90")
    page.click("[name=_save]")
    page.wait_for_url("**/admin/units/campaign/")
    assert Campaign.objects.get().threshold == 90 and campaign.terms.count() == 3
    assert complaints == []


def test_units_are_imported_by_a_spreadsheet(logged_in, complaints):
    page = logged_in
    make.make_unit("A1", name="旧名学院")
    page.goto("/admin/units/unit/import/")
    rows = [["A1", "新名学院", "学院", "", "", "", "是"], ["B2", "招生办", "招生单位", "A1", "", "", "是"]]
    data = sheet_bytes(headings=["代码", "名称", "类型", "所属学院", "校区", "地址", "启用"], rows=rows)
    page.set_input_files(
        "input[type=file]", {"name": "单位.xlsx", "mimeType": "application/zip", "buffer": data}
    )
    page.click("form[enctype] button.button-primary")
    assert page.locator("del").inner_text() == "旧名学院"
    page.click("button.button-primary >> nth=0")
    page.wait_for_url("**/admin/units/unit/")
    assert Unit.objects.get(code="B2").college.name == "新名学院"
    with page.expect_download() as download:
        page.goto("/admin/units/unit/export/?kind__exact=college")
        page.click("main button.button-primary")
    assert download.value.suggested_filename.endswith(".xlsx")
    assert complaints == []
