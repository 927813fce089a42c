"""The notice of a campaign: written, published, replaced by a new edition, acknowledged by every unit (N§2.1)."""

import hashlib
import re
from typing import Any

import nh3
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from markdown_it import MarkdownIt

from photocampus import clock
from photocampus.errors import ChangedMeanwhile, DomainError
from photocampus.events import record
from photocampus.lists import join_words
from photocampus.models import User
from photocampus.uploads import check_upload_size
from units.errors import CampaignClosed
from units.models import Acknowledgement, Campaign, CampaignState, Notice, NoticeAttachment, Unit
from units.permissions import require_coordinator, require_staff

EDITABLE = ("document_number", "title", "body", "issuer", "issued_on")
# Extension → how such a file begins.
ATTACHMENT_TYPES: dict[str, tuple[bytes, ...]] = {
    "pdf": (b"%PDF-",),
    "doc": (b"\xd0\xcf\x11\xe0",),
    "xls": (b"\xd0\xcf\x11\xe0",),
    "docx": (b"PK\x03\x04",),
    "xlsx": (b"PK\x03\x04",),
    "zip": (b"PK\x03\x04",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "png": (b"\x89PNG\r\n\x1a\n",),
}
MAX_ATTACHMENTS = 20
TAGS = {
    "p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "strong", "em", "s", "blockquote", "code", "pre",
    "ul", "ol", "li", "a", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
PHONE = re.compile(r"^\+?[0-9][0-9 ()-]{5,28}[0-9]$")


class NoticeIsPublished(DomainError):
    code = "notice_is_published"
    message = _("A published notice stays as it is. Write a new edition.")


class NoticeNotPublished(DomainError):
    code = "notice_not_published"
    message = _("This notice is not published.")


class NotNewestEdition(DomainError):
    code = "not_newest_edition"
    message = _("There is a newer edition of this notice.")


class DraftExists(DomainError):
    code = "draft_exists"
    message = _("There is already a draft of the next edition.")


class NoticeEmpty(DomainError):
    code = "notice_empty"
    message = _("A notice needs a title, a text and an issuer.")


class BadAttachment(DomainError):
    code = "bad_attachment"
    message = _("%(name)s is not a file of an allowed kind (%(kinds)s), or not what its name says.")


class TooManyAttachments(DomainError):
    code = "too_many_attachments"
    message = _("A notice has at most %(limit)d attachments.")


class BadPhone(DomainError):
    code = "bad_phone"
    message = _("Please give a telephone number of digits, such as 13800000000 or 010-82000000.")


class NoContactName(DomainError):
    code = "no_contact_name"
    message = _("Please name the contact person.")


def render_notice(body: str) -> SafeString:
    """Markdown (with tables) as clean HTML: no raw HTML, no images, no styles, links only to web, mail and telephone."""
    html = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table").render(body)
    html = html.replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer",
    )
    return mark_safe(clean)


@transaction.atomic
def write_notice(*, campaign: Campaign, by: User, **values: Any) -> Notice:
    """The draft of a campaign's first notice (names of `EDITABLE`); raises `DraftExists`, `CampaignClosed`."""
    require_staff(by)
    campaign = _open_campaign(campaign)
    newest = campaign.notices.order_by("-edition").first()
    if newest is not None and newest.published_at is None:
        raise DraftExists()
    notice = Notice(
        campaign=campaign,
        edition=newest.edition + 1 if newest else 1,
        **{name: values[name] for name in EDITABLE if name in values},
    )
    notice.full_clean(exclude=["published_by"], validate_constraints=False)
    notice.save()
    record(notice, "notice_written", by=by, new=str(notice.edition))
    return notice


@transaction.atomic
def change_notice(*, notice: Notice, by: User, **changes: Any) -> None:
    """Edit a draft. Raises `NoticeIsPublished`, `CampaignClosed`."""
    require_staff(by)
    fresh = _draft(notice)
    for name in EDITABLE:
        if name in changes:
            setattr(fresh, name, changes[name])
            setattr(notice, name, changes[name])
    fresh.full_clean(exclude=["published_by"], validate_constraints=False)
    fresh.save(update_fields=[name for name in EDITABLE if name in changes])
    record(fresh, "notice_changed", by=by, new=str(fresh.edition))


def check_attachment(upload: UploadedFile) -> str:
    """The extension, if size and first bytes agree with it; raises `TooLarge`, `BadAttachment`."""
    check_upload_size(upload, "attachment")
    name = upload.name or ""
    kind = name.rpartition(".")[2].lower()
    upload.seek(0)
    start = upload.read(16)
    upload.seek(0)
    if not start.startswith(ATTACHMENT_TYPES.get(kind, ())) or kind not in ATTACHMENT_TYPES:
        raise BadAttachment(name=name, kinds=join_words(ATTACHMENT_TYPES))
    return kind


@transaction.atomic
def attach_file(*, notice: Notice, upload: UploadedFile, by: User, name: str = "") -> NoticeAttachment:
    """Put a file to a draft. The shown name keeps the file's extension.

    Raises `TooLarge`, `BadAttachment`, `TooManyAttachments`, `NoticeIsPublished`.
    """
    require_staff(by)
    kind = check_attachment(upload)
    fresh = _draft(notice)
    count = fresh.attachments.count()
    if count >= MAX_ATTACHMENTS:
        raise TooManyAttachments(limit=MAX_ATTACHMENTS)
    shown = (name or upload.name or "").replace("/", "_").replace("\\", "_").strip()[-190:]
    if not shown.lower().endswith(f".{kind}"):
        shown = f"{shown}.{kind}"
    data = upload.read()
    attachment = NoticeAttachment(
        notice=fresh, name=shown, size=len(data), sha256=hashlib.sha256(data).hexdigest(), position=count + 1
    )
    attachment.file.save(shown, ContentFile(data), save=False)
    attachment.save()
    record(fresh, "attachment_added", by=by, new=shown, data={"sha256": attachment.sha256})
    return attachment


@transaction.atomic
def take_off_attachment(*, attachment: NoticeAttachment, by: User) -> None:
    """Take a file off a draft; a published notice keeps its files (`NoticeIsPublished`)."""
    require_staff(by)
    fresh = _draft(attachment.notice)
    record(fresh, "attachment_taken_off", by=by, old=attachment.name, data={"sha256": attachment.sha256})
    file = attachment.file
    attachment.delete()
    transaction.on_commit(lambda: file.storage.delete(str(file.name)))


@transaction.atomic
def publish_notice(*, notice: Notice, by: User) -> None:
    """From now on units read and acknowledge this edition.

    Raises `NoticeIsPublished`, `NotNewestEdition`, `NoticeEmpty`, `CampaignClosed`, `ChangedMeanwhile`.
    """
    require_staff(by)
    fresh = _draft(notice)
    if fresh.campaign.notices.filter(edition__gt=fresh.edition).exists():
        raise NotNewestEdition()
    if not (fresh.title.strip() and fresh.body.strip() and fresh.issuer.strip()):
        raise NoticeEmpty()
    stamp = clock.now()
    published = Notice.objects.filter(pk=fresh.pk, published_at=None).update(
        published_at=stamp, published_by=by
    )
    if not published:
        raise ChangedMeanwhile()
    notice.published_at, notice.published_by = stamp, by
    record(
        fresh,
        "notice_published",
        by=by,
        new=str(fresh.edition),
        data={"document_number": fresh.document_number},
    )


@transaction.atomic
def new_edition(*, notice: Notice, by: User) -> Notice:
    """A draft that begins with the published text and files; every unit will acknowledge it anew.

    Raises `NoticeNotPublished`, `DraftExists`, `CampaignClosed`.
    """
    require_staff(by)
    campaign = _open_campaign(notice.campaign)
    newest = campaign.notices.order_by("-edition").first()
    if newest is None or notice.published_at is None:
        raise NoticeNotPublished()
    if newest.published_at is None:
        raise DraftExists()
    values = {name: getattr(notice, name) for name in EDITABLE}
    draft = Notice.objects.create(
        campaign=campaign, edition=newest.edition + 1, **{**values, "issued_on": clock.today()}
    )
    copy_attachments(notice, draft)
    record(draft, "notice_written", by=by, old=str(notice.edition), new=str(draft.edition))
    return draft


def copy_notice(source: Notice, campaign: Campaign, years: int) -> Notice:
    """Last year's text as a draft for `campaign`, in the caller's transaction. Only the title's year moves by itself:
    dates inside the text are for people to change."""
    year = source.campaign.window_start.year
    draft = Notice.objects.create(
        campaign=campaign,
        edition=1,
        title=source.title.replace(str(year), str(year + years)),
        body=source.body,
        issuer=source.issuer,
        issued_on=clock.today(),
    )
    copy_attachments(source, draft)
    return draft


def copy_attachments(source: Notice, target: Notice) -> None:
    """Copies of the files, each stored for itself."""
    for old in source.attachments.all():
        with old.file.open("rb") as file:
            data = file.read()
        copy = NoticeAttachment(
            notice=target, name=old.name, size=old.size, sha256=old.sha256, position=old.position
        )
        copy.file.save(old.name, ContentFile(data), save=False)
        copy.save()


@transaction.atomic
def acknowledge_notice(
    *, notice: Notice, unit: Unit, contact_name: str, contact_phone: str, by: User
) -> Acknowledgement:
    """The unit has read the notice and names its contact (N§1 明确专人). Repeated, it changes the contact.

    Raises `NotAllowed` unless `by` coordinates the unit, `NoticeNotPublished`, `NotNewestEdition`, `CampaignClosed`,
    `NoContactName`, `BadPhone`.
    """
    require_coordinator(by, unit)
    contact_name, contact_phone = contact_name.strip(), clean_phone(contact_phone)
    if not contact_name:
        raise NoContactName()
    campaign = _open_campaign(notice.campaign)
    if notice.published_at is None or campaign.state == CampaignState.DRAFT:
        raise NoticeNotPublished()
    if campaign.notices.filter(published_at__isnull=False, edition__gt=notice.edition).exists():
        raise NotNewestEdition()
    found, created = Acknowledgement.objects.get_or_create(
        notice=notice,
        unit=unit,
        defaults={"contact_name": contact_name, "contact_phone": contact_phone, "by": by},
    )
    if created:
        record(found, "notice_acknowledged", by=by, new=contact_name, data=_where(notice, unit))
    elif (found.contact_name, found.contact_phone) != (contact_name, contact_phone):
        old = found.contact_name
        found.contact_name, found.contact_phone, found.by = contact_name, contact_phone, by
        found.save(update_fields=["contact_name", "contact_phone", "by"])
        record(found, "contact_changed", by=by, old=old, new=contact_name, data=_where(notice, unit))
    return found


def _where(notice: Notice, unit: Unit) -> dict[str, Any]:
    return {"campaign": notice.campaign.code, "unit": unit.code, "edition": notice.edition}


def clean_phone(text: str) -> str:
    """Blanks trimmed, full-width digits narrowed; raises `BadPhone`."""
    narrow = (
        text.translate({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}).replace("\u3000", " ").strip()
    )
    if not PHONE.match(narrow):
        raise BadPhone()
    return narrow


def units_by_acknowledgement(notice: Notice) -> QuerySet[Unit]:
    """Active units, with `is_acknowledged`; those still missing first."""
    mine = Acknowledgement.objects.filter(notice=notice, unit=OuterRef("pk"))
    return (
        Unit.objects.filter(is_active=True)
        .annotate(is_acknowledged=Exists(mine))
        .order_by("is_acknowledged", "code")
    )


def units_not_acknowledged(notice: Notice) -> QuerySet[Unit]:
    return units_by_acknowledgement(notice).filter(is_acknowledged=False)


def _open_campaign(campaign: Campaign) -> Campaign:
    fresh = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if fresh.state == CampaignState.CLOSED:
        raise CampaignClosed(campaign=fresh)
    return fresh


def _draft(notice: Notice) -> Notice:
    """The row again, under the campaign's lock; refused once it is published."""
    _open_campaign(notice.campaign)
    fresh = Notice.objects.select_related("campaign").get(pk=notice.pk)
    if fresh.published_at is not None:
        raise NoticeIsPublished()
    return fresh


def attachment_limit_mb() -> int:
    return settings.UPLOAD_LIMITS["attachment"] // (1024 * 1024)
