"""Writing, publishing and acknowledging the notice; its attachments."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from photocampus.errors import NotAllowed
from photocampus.models import Event, Notification
from photocampus.uploads import TooLarge
from tests import factories as make
from units import notices
from units.campaigns import publish_campaign
from units.errors import CampaignClosed
from units.models import Acknowledgement, Campaign, CampaignState, NoticeAttachment

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return make.make_staff()


@pytest.fixture
def campaign():
    return make.make_campaign()


def write(campaign, staff, **values):
    defaults = {
        "title": "通知",
        "body": "# 一、范围\n\n正文",
        "issuer": "教务处",
        "issued_on": dt.date(2017, 11, 28),
    }
    return notices.write_notice(campaign=campaign, by=staff, **{**defaults, **values})


def published(campaign, staff):
    notice = write(campaign, staff)
    notices.publish_notice(notice=notice, by=staff)
    return notice


PDF = b"%PDF-1.4 invented"


def upload(name="要求.pdf", data=PDF):
    return SimpleUploadedFile(name, data)


def test_render_notice_keeps_structure_and_drops_what_could_run():
    html = notices.render_notice(
        "# 标题\n\n|甲|乙|\n|-|-|\n|1|2|\n\n[x](javascript:alert(1)) <script>alert(1)</script> <b style='x'>y</b>"
        "\n\n![p](http://x/y.png) [web](https://example.org)"
    )
    assert "<h2>标题</h2>" in html and "<td>1</td>" in html
    for bad in ("<script", 'javascript:alert(1)"', "<img", "<b ", "<h1"):
        assert bad not in html
    assert 'href="https://example.org"' in html


def test_write_and_publish_notice(campaign, staff):
    notice = write(campaign, staff)
    with pytest.raises(notices.DraftExists):
        write(campaign, staff)
    notices.change_notice(notice=notice, by=staff, title="通知（定稿）")
    notices.publish_notice(notice=notice, by=staff)
    notice.refresh_from_db()
    assert (notice.title, notice.published_by) == ("通知（定稿）", staff)
    for act in (
        lambda: notices.publish_notice(notice=notice, by=staff),
        lambda: notices.change_notice(notice=notice, by=staff, title="x"),
        lambda: notices.attach_file(notice=notice, upload=upload(), by=staff),
    ):
        with pytest.raises(notices.NoticeIsPublished):
            act()
    assert list(Event.objects.values_list("kind", flat=True)) == [
        "notice_written",
        "notice_changed",
        "notice_published",
    ]


def test_publish_notice_refuses_an_empty_one(campaign, staff):
    notice = write(campaign, staff)
    type(notice).objects.filter(pk=notice.pk).update(body="  ")
    with pytest.raises(notices.NoticeEmpty):
        notices.publish_notice(notice=notice, by=staff)


def test_new_edition_starts_from_the_published_text_and_files(campaign, staff):
    notice = write(campaign, staff)
    with pytest.raises(notices.NoticeNotPublished):
        notices.new_edition(notice=notice, by=staff)
    notices.attach_file(notice=notice, upload=upload(), by=staff)
    notices.publish_notice(notice=notice, by=staff)
    draft = notices.new_edition(notice=notice, by=staff)
    assert (draft.edition, draft.body, draft.published_at) == (2, notice.body, None)
    copy, original = draft.attachments.get(), notice.attachments.get()
    assert copy.file.name != original.file.name and copy.file.read() == PDF
    with pytest.raises(notices.DraftExists):
        notices.new_edition(notice=notice, by=staff)


def test_attachments_are_checked_and_taken_off_only_from_drafts(
    campaign, staff, settings, django_capture_on_commit_callbacks
):
    notice = write(campaign, staff)
    kept = notices.attach_file(notice=notice, upload=upload(), by=staff)
    assert kept.file.name == f"notices/{kept.public_id}" and (kept.name, kept.size) == ("要求.pdf", len(PDF))
    for bad in (upload("x.exe"), upload("x.pdf", b"MZ..."), upload("x.html", b"<html>"), upload("noname")):
        with pytest.raises(notices.BadAttachment):
            notices.attach_file(notice=notice, upload=bad, by=staff)
    settings.UPLOAD_LIMITS = {**settings.UPLOAD_LIMITS, "attachment": 5}
    with pytest.raises(TooLarge):
        notices.attach_file(notice=notice, upload=upload(), by=staff)
    storage, name = kept.file.storage, kept.file.name
    with django_capture_on_commit_callbacks(execute=True):
        notices.take_off_attachment(attachment=kept, by=staff)
    assert not NoticeAttachment.objects.exists() and not storage.exists(name)


def test_attachments_are_limited_in_number(campaign, staff, monkeypatch):
    monkeypatch.setattr(notices, "MAX_ATTACHMENTS", 1)
    notice = write(campaign, staff)
    notices.attach_file(notice=notice, upload=upload(), by=staff)
    with pytest.raises(notices.TooManyAttachments):
        notices.attach_file(notice=notice, upload=upload(), by=staff)


def acknowledge(notice, unit, by, **values):
    defaults = {"contact_name": "王老师", "contact_phone": "13800000000"}
    return notices.acknowledge_notice(notice=notice, unit=unit, by=by, **{**defaults, **values})


def test_acknowledge_notice_names_the_contact_and_may_change_it(campaign, staff):
    notice, unit = published(campaign, staff), make.make_unit()
    coordinator = make.make_coordinator(unit)
    assert list(notices.units_not_acknowledged(notice)) == [unit]
    acknowledge(notice, unit, coordinator)
    acknowledge(notice, unit, coordinator)
    acknowledge(notice, unit, coordinator, contact_name="李老师", contact_phone="０１０-82000000")
    row = Acknowledgement.objects.get()
    assert (row.contact_name, row.contact_phone.reveal()) == ("李老师", "010-82000000")
    kinds = list(Event.objects.filter(subject_type="units.acknowledgement").values_list("kind", flat=True))
    assert kinds == ["notice_acknowledged", "contact_changed"]
    assert "13800000000" not in str(list(Event.objects.values_list("data", "old", "new")))
    assert list(notices.units_not_acknowledged(notice)) == []


def test_acknowledge_notice_refusals(campaign, staff):
    unit = make.make_unit()
    coordinator, stranger = make.make_coordinator(unit), make.make_coordinator(make.make_unit())
    draft = write(campaign, staff)
    with pytest.raises(notices.NoticeNotPublished):
        acknowledge(draft, unit, coordinator)
    notices.publish_notice(notice=draft, by=staff)
    for by in (stranger, staff):
        with pytest.raises(NotAllowed):
            acknowledge(draft, unit, by)
    with pytest.raises(notices.NoContactName):
        acknowledge(draft, unit, coordinator, contact_name=" ")
    with pytest.raises(notices.BadPhone):
        acknowledge(draft, unit, coordinator, contact_phone="call me")
    second = notices.new_edition(notice=draft, by=staff)
    acknowledge(draft, unit, coordinator)
    notices.publish_notice(notice=second, by=staff)
    with pytest.raises(notices.NotNewestEdition):
        acknowledge(draft, unit, coordinator)
    assert list(notices.units_not_acknowledged(second).filter(pk=unit.pk)) == [unit]
    Campaign.objects.update(state=CampaignState.CLOSED)
    with pytest.raises(CampaignClosed):
        acknowledge(second, unit, coordinator)


def test_only_staff_write_notices(campaign, staff):
    unit = make.make_unit()
    with pytest.raises(NotAllowed):
        write(campaign, make.make_coordinator(unit))


def test_everybody_hears_of_the_notice_when_the_campaign_begins_and_can_follow_the_link(
    client, staff, django_capture_on_commit_callbacks
):
    campaign = make.make_campaign(state="draft")
    reader = make.make_coordinator(make.make_unit())
    photographer = make.make_photographer(make.make_studio(campaign=campaign))
    with django_capture_on_commit_callbacks(execute=True):
        published(campaign, staff)
    assert not Notification.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        publish_campaign(campaign=campaign, by=staff)
    rows = {row.user: row for row in Notification.objects.all()}
    assert rows.keys() == {reader, photographer}
    for user, row in rows.items():
        assert (row.event.kind, row.facts["title"]) == ("state_published", "通知")
        client.force_login(user)
        assert client.get(row.url).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        edition = notices.new_edition(notice=campaign.notices.get(), by=staff)
        notices.publish_notice(notice=edition, by=staff)
    assert Notification.objects.filter(event__kind="notice_published").count() == 2
