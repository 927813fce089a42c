"""Every admin page opens under the strict policy, deletes nothing, exports what is shown, and asks few questions."""

import datetime as dt
import io
import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from photocampus.access_log import log_access
from photocampus.admin_base import PortalAdmin, ReferenceAdmin
from photocampus.admin_exchange import SealedUpload
from photocampus.events import record
from photocampus.feeds import make_feed
from photocampus.models import AccessLog, Chore, Event, Notification, Reminded, Role, Untold
from photocampus.sheets import sheet_bytes
from students.models import ClassGroup, RefusalCode
from tests import factories as make
from units.models import (
    Campaign,
    CampaignState,
    Contract,
    ImageProfile,
    Notice,
    NoticeAttachment,
    Term,
    Unit,
    Urging,
)

pytestmark = pytest.mark.django_db
SITE = admin.site
MODELS = sorted(SITE._registry, key=lambda model: model._meta.label_lower)
INLINE = re.compile(r"<style|<script(?![^>]*\bsrc=)[^>]*>\s*\S|\sstyle=|\son[a-z]+=\"|javascript:", re.I)


@pytest.fixture
def boss(client):
    make.make_school()
    boss = make.make_staff()
    client.force_login(boss)
    return boss


@pytest.fixture
def world(boss):
    """One of most things."""
    campaign = make.make_campaign()
    unit = make.make_unit()
    make.make_coordinator(unit)
    studio = make.make_studio(campaign=campaign)
    make.make_photographer(studio)
    make.make_station(studio)
    make.make_grant(studio, unit, campaign)
    graduate = make.make_graduate(campaign, unit)
    booking = make.make_booking(campaign, studio, unit)
    make.make_attendance(booking, graduate)
    RefusalCode.objects.get_or_create(
        code="eyes_closed", defaults={"group": "eyes", "label_zh": "闭眼", "label_en": "x"}
    )
    Notice.objects.create(
        campaign=campaign, title="通知", body="x", issuer="教务处", issued_on=dt.date(2017, 11, 28)
    )
    event = record(campaign, "tested", by=boss)
    Notification.objects.create(user=boss, event=event, url="/")
    Untold.objects.create(event=event)
    Reminded.objects.create(key="shoot:1:1")
    Chore.objects.create(name="mail")
    make_feed(user=boss)
    Urging.objects.create(
        campaign=campaign, unit=unit, deadline="booking_by", day=dt.date(2018, 4, 17), missing=1, by=boss
    )
    log_access("tested", by=boss)
    return campaign


def url(model, action="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{action}", args=args)


def assert_clean(response):
    assert response.status_code == 200
    policy = response["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "style-src 'self'" in policy and "unsafe" not in policy
    found = INLINE.search(response.content.decode())
    assert found is None, response.content.decode()[max(0, found.start() - 80) : found.end() + 80]


def test_all_our_models_are_registered_and_nothing_else():
    ours = {
        model
        for label in ("photocampus", "units", "students", "shoots")
        for model in apps.get_app_config(label).get_models()
    }
    assert {model for model in ours if not model._meta.auto_created} <= set(MODELS)
    assert {model._meta.app_label for model in MODELS} <= {
        "photocampus",
        "units",
        "students",
        "shoots",
        "auth",
    }


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
def test_pages_of_every_model_are_clean_and_delete_nothing(client, world, boss, model):
    model_admin = SITE._registry[model]
    request = RequestFactory().get("/")
    request.user = boss
    row = model._default_manager.first()
    assert not model_admin.has_delete_permission(request) and not model_admin.has_delete_permission(
        request, row
    )
    assert not any("delete" in name for name in model_admin.get_actions(request))
    assert_clean(client.get(url(model)))
    if model_admin.has_add_permission(request):
        answer = client.get(url(model, "add"), follow=True)
        assert_clean(answer)
    if row is not None:
        assert_clean(client.get(url(model, "change", row.pk), follow=True))
        assert_clean(client.get(url(model, "history", row.pk)))
        assert client.post(url(model, "delete", row.pk), {"post": "yes"}).status_code in (403, 404, 302)
        assert model._default_manager.filter(pk=row.pk).exists()
    if isinstance(model_admin, PortalAdmin):
        assert_clean(client.get(url(model, "export")))
    if isinstance(model_admin, ReferenceAdmin):
        assert_clean(client.get(url(model, "import")))


@pytest.mark.parametrize("role", [Role.UNIT, Role.STUDIO])
def test_others_find_no_admin(client, world, role):
    client.force_login(make.make_user(role))
    for address in (reverse("admin:index"), url(Campaign), reverse("admin:login")):
        assert client.get(address).status_code == 404


def test_strangers_are_sent_to_the_one_log_in(client):
    make.make_school()
    chain = client.get(reverse("admin:index"), follow=True).redirect_chain
    assert chain[-1][0].startswith(reverse("login"))


def test_every_act_names_a_permission_that_exists():
    from django.contrib.auth.models import Permission

    known = {
        f"{one.content_type.app_label}.{one.codename}"
        for one in Permission.objects.select_related("content_type")
    }
    for model_admin in SITE._registry.values():
        for act in getattr(model_admin, "acts", ()):
            assert act.permission in known


def test_acts_are_refused_without_the_permission(client, world):
    bare = make.make_user(Role.STAFF)
    client.force_login(bare)
    assert client.get(url(Campaign)).status_code == 403
    address = url(Campaign, "act", world.pk, "close")
    assert client.post(address, {"reason": ""}).status_code in (403, 404)
    assert Campaign.objects.get().state == CampaignState.PUBLISHED


LISTS = {
    "units.unit": lambda: make.make_unit(),
    "students.graduate": lambda: make.make_graduate(),
    "students.student": lambda: make.make_student(),
    "photocampus.user": lambda: make.make_coordinator(make.make_unit()),
    "units.membership": lambda: make.make_coordinator(make.make_unit()),
    "photocampus.event": lambda: record(make.make_school(), "tested", by=make.make_staff()),
    "photocampus.accesslog": lambda: log_access("tested", by=make.make_staff()),
    "students.classgroup": lambda: make.make_class(make.make_unit()),
    "units.studiogrant": lambda: make.make_grant(make.make_studio(), make.make_unit(), make.make_campaign()),
    "shoots.booking": lambda: make.make_booking(make.make_campaign(), make.make_studio(), make.make_unit()),
    "shoots.attendance": lambda: make.make_attendance(
        make.make_booking(make.make_campaign(), make.make_studio(), make.make_unit()), make.make_graduate()
    ),
}  # fmt: skip


@pytest.mark.parametrize("label", LISTS)
def test_lists_take_as_many_queries_for_one_row_as_for_three(client, boss, label):
    model = apps.get_model(label)
    counts = []
    for more in (1, 2):
        for _ in range(more):
            LISTS[label]()
        client.get(url(model))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url(model)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def sheet(response):
    return [list(row) for row in load_workbook(io.BytesIO(response.content)).active.values]


def test_export_is_as_filtered_masked_escaped_and_logged(client, boss):
    plain = make.id_number(4321)
    make.make_student(id_number=plain, name="=1+1", gender="F")
    make.make_student(gender="M", name="别人")
    from students.models import Student

    answer = client.post(url(Student, "export") + "?gender__exact=F", {"resource": "0", "format": "0"})
    cell = load_workbook(io.BytesIO(answer.content)).active["A2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    assert plain not in str(sheet(answer)) and plain[:6] + "*" * 10 + plain[-2:] in str(sheet(answer))
    assert len(sheet(answer)) == 2
    entry = AccessLog.objects.get(action="export")
    assert (entry.rows, entry.full, entry.by, len(entry.sha256)) == (1, False, boss, 64)
    csv = client.post(url(Student, "export"), {"resource": "0", "format": "1"}).content.decode("utf-8-sig")
    assert "'=1+1" in csv and plain not in csv


def do_import(client, model, headings, rows, name="x.xlsx"):
    upload = SimpleUploadedFile(name, sheet_bytes(headings=headings, rows=rows))
    return client.post(url(model, "import"), {"resource": "0", "format": "0", "import_file": upload})


def imports_left():
    try:
        return default_storage.listdir("imports")[1]
    except FileNotFoundError:
        return []


UNIT_COLUMNS = ["code", "name", "kind", "college", "campus", "address", "is_active"]


def test_import_of_units_previews_then_applies_and_leaves_nothing(client, boss, settings):
    old = make.make_unit("A1", name="旧名学院")
    rows = [["A1", "新名学院", "college", "", "", "", "1"], ["B1", "招生办", "admissions", "A1", "", "", "1"]]
    page = do_import(client, Unit, UNIT_COLUMNS, rows)
    assert_clean(page)
    text = page.content.decode()
    assert "<del>旧名学院</del> <ins>新名学院</ins>" in text
    [name] = imports_left()
    with default_storage.open(f"imports/{name}", "rb") as file:
        assert b"PK\x03\x04" not in file.read()
    hidden = dict(
        re.findall(r'name="(import_file_name|original_file_name|format|resource)" value="([^"]*)"', text)
    )
    assert client.post(url(Unit, "process_import"), hidden).status_code == 302
    old.refresh_from_db()
    assert old.name == "新名学院" and Unit.objects.get(code="B1").college == old
    assert Event.objects.filter(kind="imported").count() == 2
    assert imports_left() == [] and list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []
    again = client.post(url(Unit, "process_import"), hidden)
    assert again.status_code == 302 and again.url == url(Unit, "import")


def test_refused_import_changes_nothing_and_leaves_nothing(client, boss):
    for rows in (
        [["A 1", "有空格", "college", "", "", "", "1"]],
        [["A1", "没有学院的招生单位", "admissions", "", "", "", "1"]],
        [["A1", "未知类型", "faculty", "", "", "", "1"]],
    ):
        page = do_import(client, Unit, UNIT_COLUMNS, rows)
        assert_clean(page)
        assert "import_file_name" not in page.content.decode()
    for data in (b"", b"PK\x03\x04 broken", b"\x00\x01"):
        upload = SimpleUploadedFile("x.xlsx", data or b" ")
        assert_clean(
            client.post(url(Unit, "import"), {"resource": "0", "format": "0", "import_file": upload})
        )
    assert not Unit.objects.exists() and imports_left() == []


def test_uploads_never_confirmed_go_with_the_next(client, boss, monkeypatch):
    do_import(client, Unit, UNIT_COLUMNS, [["A1", "甲学院", "college", "", "", "", "1"]])
    assert len(imports_left()) == 1
    monkeypatch.setattr("photocampus.admin_exchange.KEPT_FOR", dt.timedelta(0))
    do_import(client, Unit, UNIT_COLUMNS, [["A2", "乙学院", "college", "", "", "", "1"]])
    assert len(imports_left()) == 1


def test_name_of_a_sealed_upload_cannot_leave_its_folder():
    for name in ("../keys", "", "x/../y", "a" * 32 + "/.."):
        with pytest.raises(FileNotFoundError):
            SealedUpload(name=name).read()


def test_import_of_terms_classes_and_codes(client, world):
    unit = Unit.objects.get()
    for model, headings, rows in (
        (Term, ["campaign", "code", "graduation_date"], [["2018", "2018-09", "2018-09-01"]]),
        (ClassGroup, ["unit", "name"], [[unit.code, "会计9班"]]),
        (RefusalCode, ["code", "group", "label_zh", "label_en", "position", "is_active"],
         [["smile", "mouth", "露齿", "Smile", "5", "1"]]),
    ):  # fmt: skip
        text = do_import(client, model, headings, rows).content.decode()
        hidden = dict(
            re.findall(r'name="(import_file_name|original_file_name|format|resource)" value="([^"]*)"', text)
        )
        assert client.post(url(model, "process_import"), hidden).status_code == 302
    assert Term.objects.filter(code="2018-09").exists() and RefusalCode.objects.filter(code="smile").exists()
    assert ClassGroup.objects.filter(unit=unit, name="会计9班").exists()


def test_import_of_terms_leaves_closed_campaigns_alone(client, world):
    """A new term and another date are refused with the reason; an unchanged line is none of our business."""
    Campaign.objects.update(state=CampaignState.CLOSED)
    before = set(Term.objects.values_list("code", "graduation_date"))
    same = ["2018", "2018-07", f"{Term.objects.get(code='2018-07').graduation_date}"]
    rows = [same, ["2018", "2018-09", "2018-09-01"], ["2018", "2018-01", "2018-01-02"]]
    text = do_import(client, Term, ["campaign", "code", "graduation_date"], rows).content.decode()
    assert text.count("已结束，不能再作更改。") == 2
    assert set(Term.objects.values_list("code", "graduation_date")) == before


# The forms that act.


def form_of(response):
    """The form's fields as a browser would send them back."""
    form = response.context["adminform"].form
    data = {}
    for bound in form:
        value = bound.value()
        data[bound.html_name] = "" if value is None or value is False else value
    for inline in response.context["inline_admin_formsets"]:
        for field in inline.formset.management_form:
            data[field.html_name] = field.value()
        for one in inline.formset.forms:
            for bound in one:
                value = bound.value()
                data[bound.html_name] = "" if value is None or value is False else value
    return data


def test_campaign_is_added_changed_published_copied_and_closed_in_the_admin(client, boss):
    data = form_of(client.get(url(Campaign, "add")))
    data |= {
        "code": "2019",
        "name": "2019年",
        "window_start": "2019-03-01",
        "window_end": "2019-07-15",
        "small": "240x320",
    }
    assert client.post(url(Campaign, "add"), data).status_code == 302
    campaign = Campaign.objects.get()
    assert campaign.terms.count() == 2 and campaign.image_profiles.count() == 3
    change = url(Campaign, "change", campaign.pk)
    page = client.get(change)
    data = form_of(page)
    studio = make.make_studio("ST")
    data |= {
        "threshold": 90, "contracts-TOTAL_FORMS": 1, "contracts-0-studio": studio.pk, "contracts-0-number": "C1",
        "contracts-0-campaign": campaign.pk, "terms-0-graduation_date": "2019-01-20",
    }  # fmt: skip
    answer = client.post(change, data)
    assert answer.status_code == 302, answer.context["errors"]
    campaign.refresh_from_db()
    assert campaign.threshold == 90 and Contract.objects.get().number == "C1"
    assert campaign.terms.first().graduation_date == dt.date(2019, 1, 20)
    client.post(url(Campaign, "act", campaign.pk, "publish"))
    assert Campaign.objects.get().state == "draft"
    notice = Notice.objects.create(
        campaign=campaign, title="t", body="b", issuer="i", issued_on=dt.date(2018, 11, 1)
    )
    client.post(url(Notice, "act", notice.pk, "publish"))
    client.post(url(Campaign, "act", campaign.pk, "publish"))
    assert Campaign.objects.get().state == "published"
    client.post(url(Campaign, "act", campaign.pk, "copy"), {"code": "2020", "name": "2020年", "years": 1})
    assert Campaign.objects.get(code="2020").window_start == dt.date(2020, 3, 1)
    again = client.post(url(Campaign, "act", campaign.pk, "copy"), {"code": "2020", "name": "x", "years": 1})
    assert again.status_code == 200 and again.context["form"].errors
    close = url(Campaign, "act", campaign.pk, "close")
    for day in (
        "",
        "2001-01-01",
    ):  # without a date the data would stay for ever, with that one be gone tomorrow
        asked = client.post(close, {"reason": "", "retention_until": day})
        assert asked.status_code == 200 and "retention_until" in asked.context["form"].errors
    client.post(close, {"reason": "", "retention_until": "2090-07-15"})
    campaign.refresh_from_db()
    assert (campaign.state, campaign.retention_until) == ("closed", dt.date(2090, 7, 15))
    page = client.get(change)
    assert_clean(page)
    retention = url(Campaign, "act", campaign.pk, "retention")
    assert retention in page.content.decode() and "2090-07-15" in client.get(retention).content.decode()
    client.post(retention, {"retention_until": "2091-07-15"})
    campaign.refresh_from_db()
    assert campaign.retention_until == dt.date(2091, 7, 15)
    assert Event.objects.filter(kind="campaign_changed", data__has_key="retention_until").count() == 2


def test_refused_change_is_not_followed_by_success(client, boss):
    campaign = make.make_campaign()
    data = form_of(client.get(url(Campaign, "change", campaign.pk))) | {
        "threshold": 0,
        "window_end": "2017-01-01",
    }
    answer = client.post(url(Campaign, "change", campaign.pk), data, follow=True)
    assert Campaign.objects.get().threshold == 100
    assert "success" not in {message.level_tag for message in answer.context.get("messages", [])}


def test_profile_is_changed_by_a_new_version(client, boss):
    campaign = make.make_campaign()
    small = ImageProfile.objects.get(campaign=campaign, name="small")
    data = form_of(client.get(url(ImageProfile, "change", small.pk))) | {"max_bytes": 9000}
    assert client.post(url(ImageProfile, "change", small.pk), data).status_code == 302
    versions = list(
        ImageProfile.objects.filter(name="small").order_by("version").values_list("version", "max_bytes")
    )
    assert versions == [(1, 8192), (2, 9000)]
    answer = client.post(
        url(ImageProfile, "change", small.pk), form_of(client.get(url(ImageProfile, "change", small.pk)))
    )
    assert answer.status_code == 302 and ImageProfile.objects.filter(name="small").count() == 2


def test_notice_is_written_with_files_and_published_in_the_admin(client, boss):
    campaign = make.make_campaign()
    data = form_of(client.get(url(Notice, "add"))) | {
        "campaign": campaign.pk, "title": "通知", "body": "正文", "issuer": "教务处", "issued_on": "2017-11-28",
        "attachments-0-file": SimpleUploadedFile("要求.pdf", b"%PDF-1.4"), "attachments-0-name": "",
    }  # fmt: skip
    assert client.post(url(Notice, "add"), data).status_code == 302
    notice = Notice.objects.get()
    assert NoticeAttachment.objects.get().name == "要求.pdf"
    assert_clean(client.get(url(Notice, "change", notice.pk)))
    client.post(url(Notice, "act", notice.pk, "publish"))
    notice.refresh_from_db()
    assert notice.published_by == boss
    page = client.get(url(Notice, "change", notice.pk))
    assert_clean(page)
    assert 'name="_save"' not in page.content.decode()
    client.post(url(Notice, "act", notice.pk, "edition"))
    assert Notice.objects.get(edition=2).attachments.count() == 1


def test_bad_attachment_leaves_no_notice_half_written(client, boss):
    campaign = make.make_campaign()
    data = form_of(client.get(url(Notice, "add"))) | {
        "campaign": campaign.pk, "title": "通知", "body": "正文", "issuer": "教务处", "issued_on": "2017-11-28",
        "attachments-0-file": SimpleUploadedFile("x.exe", b"MZ"), "attachments-0-name": "",
    }  # fmt: skip
    assert client.post(url(Notice, "add"), data).status_code == 302
    assert not Notice.objects.exists() and not Event.objects.filter(kind="notice_written").exists()


def test_reference_rows_leave_an_event_with_old_and_new(client, boss):
    unit = make.make_unit("A1", name="旧名")
    data = form_of(client.get(url(Unit, "change", unit.pk))) | {"name": "新名", "is_active": ""}
    assert client.post(url(Unit, "change", unit.pk), data).status_code == 302
    assert Event.objects.get(kind="changed").data["name"] == ["旧名", "新名"]
    unit.refresh_from_db()
    assert not unit.is_active


def test_index_shows_what_is_missing_and_what_waits(client, boss):
    page = client.get(reverse("admin:index"))
    assert_clean(page)
    assert page.context["go_live_done"] == 1
    make.make_campaign()
    make.make_unit()
    page = client.get(reverse("admin:index"))
    assert_clean(page)
    assert page.context["waiting"][0]["items"]


def test_calendar_line_is_taken_out_with_a_trace(client, boss):
    from sessions.models import Closure

    closure = Closure.objects.create(
        studio=make.make_studio(), first=dt.date(2018, 1, 10), last=dt.date(2018, 2, 28), reason="放假"
    )
    assert_clean(client.get(url(Closure, "act", closure.pk, "take-out")))
    answer = client.post(url(Closure, "act", closure.pk, "take-out"))
    assert answer.url == url(Closure) and not Closure.objects.exists()
    assert Event.objects.get(kind="taken_out").data["reason"] == "放假"


def test_import_understands_words_and_names(client, boss):
    do_import(client, Unit, UNIT_COLUMNS, [])
    rows = [["A1", "甲学院", "学院", "", "", "", "是"], ["B1", "乙招生办", "招生单位", "A1", "", "", "否"]]
    headings = ["代码", "名称", "类型", "所属学院", "校区", "地址", "启用"]
    for head in (headings, UNIT_COLUMNS):
        text = do_import(client, Unit, head, rows).content.decode()
        assert 'name="import_file_name"' in text
    hidden = dict(
        re.findall(r'name="(import_file_name|original_file_name|format|resource)" value="([^"]*)"', text)
    )
    client.post(url(Unit, "process_import"), hidden)
    second = Unit.objects.get(code="B1")
    assert (second.kind, second.is_active, second.college.code) == ("admissions", False, "A1")
