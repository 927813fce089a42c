"""Pages that nobody sees without a story: each is brought about once and looked at like all others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.signals import template_rendered
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from photocampus.models import User
from sessions.models import Attendance, Shot
from students.batches import find_profile, start_batch
from students.chsi_files import write_xlsx
from students.models import ExportBatch, IngestFile, Student
from students.portraits import portrait_jpeg
from students.reference import ensure_export_profile
from tests.factories import make_booking, run_jobs
from tests.photocampus.test_access_walk import PORTAL, client_of
from tests.photocampus.test_pages_in_browser import complaints_about
from tests.students.register_people import World as RegisterWorld
from tests.students.register_people import make_code
from tests.world import OBJECTS, World, make_world

DAY = dt.date(2018, 4, 17)
# Reached by a link with a question mark, or looked at in tests of their own.
ELSEWHERE = {"photocampus/setup.html", "shoots/problem_new.html"}


def enter(page: Page, user: User) -> Client:
    client = Client()
    client.force_login(user)
    page.goto("/login/")
    cookie = {
        "name": "sessionid",
        "value": client.cookies["sessionid"].value,
        "url": page.url.partition("/login/")[0],
    }
    page.context.add_cookies([cookie])
    return client


def show_order(page: Page) -> None:
    """Three frames: one sure, one doubtful, a number card; the last number has none."""
    world = make_world()
    batch, attendance = world.things["batch"], Attendance.objects.get(booking=world.things["booking"])
    batch.match, batch.station, batch.day = "sequence", world.things["station"].code, DAY
    batch.save()
    at = timezone.now()
    for number in (1, 2, 3):
        void = {} if number == 1 else {"voided_at": at, "void_reason": "重拍"}
        code = f"{batch.station}-0417-{number:03d}"
        Shot.objects.create(
            station=world.things["station"], day=DAY, number=number, code=code, attendance=attendance,
            issued_at=at, issued_by=batch.by, **void,
        )  # fmt: skip
    for position, doubts in enumerate(("", "unsure order", "card"), start=2):
        row = IngestFile(
            batch=batch, position=position, name=f"DSC_{position}.JPG", state="held", doubts=doubts
        )
        row.shot = "" if doubts == "card" else f"{batch.station}-0417-{position - 1:03d}"
        row.taken_at = at
        row.preview.save("x", ContentFile(portrait_jpeg(position, size=(240, 320))))
    enter(page, world.people["studio"])
    page.goto(
        reverse("students:picture-order", args=[world.studio.code, world.campaign.code, batch.public_id])
    )


def show_tray_file(page: Page) -> None:
    world = make_world()
    enter(page, world.people["studio"])
    tray = reverse("students:picture-tray", args=[world.studio.code, world.campaign.code])
    page.goto(f"{tray}?file={world.things['tray_file'].public_id}")


def show_own_page(page: Page) -> None:
    world = make_world()
    graduate = world.things["graduate"]
    page.goto(reverse("shoots:me", args=[graduate.me_token]))
    page.fill("[name=number]", Student.objects.get(enrolments__graduates=graduate).id_number.reveal())
    page.keyboard.press("Enter")
    page.locator(".portrait").wait_for()


def show_other_hours(page: Page) -> None:
    world = make_world()
    booking = make_booking(world.campaign, world.studio, world.unit, state="asked")
    enter(page, world.people["studio"])
    page.goto(
        reverse("shoots:studio-hours", args=[world.studio.code, world.campaign.code, booking.public_id])
    )


def show_locked(page: Page) -> None:
    world = make_world()
    page.goto("/login/")
    for _attempt in range(settings.AXES_FAILURE_LIMIT):
        page.fill("[name=username]", world.people["unit"].username)
        page.fill("[name=password]", "falsch")
        page.locator("main form .button-primary").click()
        page.wait_for_load_state()


def show_form_without_token(page: Page) -> None:
    make_world()
    page.goto("/login/")
    page.context.clear_cookies()
    page.fill("[name=username]", "x")
    page.fill("[name=password]", "x")
    page.keyboard.press("Enter")
    page.locator("h1", has_text="未能提交").wait_for()


def show_passwords(page: Page) -> None:
    world = make_world()
    enter(page, world.people["staff"])
    page.goto(reverse("units:account-of", args=[world.things["coordinator"].username]))
    page.locator(f"form[action$='{world.things['coordinator'].username}/reset/'] button").first.click()
    if page.locator("#confirm[open]").count():
        page.locator("#confirm [data-confirm-yes]").click()
    page.wait_for_load_state()


def register(page: Page, people: int = 2) -> tuple[RegisterWorld, Client]:
    ensure_export_profile()
    make_code()
    make_code("other")
    world = RegisterWorld()
    world.graduates(people)
    return world, enter(page, world.staff)


def show_verification(page: Page) -> None:
    world, _client = register(page)
    submission = world.submit()
    page.goto(reverse("admin:students_submission_verify", args=[submission.public_id]))


def show_submissions(page: Page) -> None:
    world, _client = register(page)
    world.submit()
    page.goto(reverse("admin:students_submission_changelist"))


def make_batch(page: Page) -> tuple[RegisterWorld, Client, ExportBatch]:
    world, client = register(page, people=0)
    world.verified(2)
    batch = start_batch(campaign=world.campaign, profile=find_profile(), by=world.staff)
    run_jobs()
    return world, client, batch


def show_batches(page: Page) -> None:
    make_batch(page)
    page.goto(reverse("admin:students_exportbatch_changelist"))


def show_batch(page: Page) -> None:
    _world, _client, batch = make_batch(page)
    page.goto(reverse("admin:students_exportbatch_page", args=[batch.public_id]))


def show_answer(page: Page) -> None:
    _world, client, batch = make_batch(page)
    report = reverse("admin:students_exportbatch_report", args=[batch.public_id])
    client.post(report, {"channel": "academic_affairs", "at": "2018-07-02T09:00"})
    person = batch.rows.order_by("pk")[0].graduate.enrolment
    number = person.student.id_number.reveal()
    rows = [[person.student_number, number, "核验通过"], ["9", number, "通过"]]
    upload = SimpleUploadedFile("结果.xlsx", write_xlsx(["XH", "SFZH", "BZ"], rows, title="x"))
    address = reverse("admin:students_exportbatch_upload", args=[batch.public_id])
    page.goto(client.post(address, {"file": upload})["Location"])


ARRANGED: dict[str, Callable[[Page], None]] = {
    "errors/403_csrf.html": show_form_without_token,
    "photocampus/locked.html": show_locked,
    "shoots/me.html": show_own_page,
    "shoots/other_hours.html": show_other_hours,
    "students/answer.html": show_answer,
    "students/batch.html": show_batch,
    "students/batches.html": show_batches,
    "students/order.html": show_order,
    "students/tray_file.html": show_tray_file,
    "students/verification_list.html": show_submissions,
    "students/verify.html": show_verification,
    "units/passwords.html": show_passwords,
}


@pytest.fixture
def rendered():
    used: set[str] = set()

    def note(sender, template, **more) -> None:
        used.add(template.name or "")

    template_rendered.connect(note)
    yield used
    template_rendered.disconnect(note)


@pytest.mark.browser
@pytest.mark.looks
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("template", ARRANGED)
def test_arranged_page_is_accessible_and_fits(page, rendered, template):
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    ARRANGED[template](page)
    assert template in rendered
    assert complaints_about(page) + errors == []


@pytest.mark.looks
@pytest.mark.django_db
def test_every_page_template_is_shown_by_an_address_or_arranged(rendered):
    """Where this fails, a new page needs an arrangement here, or its template is of no use any more."""
    world: World = make_world()
    for role in ("anonymous", "unit", "studio", "staff"):
        client = client_of(world.people[role])
        for address in PORTAL:
            if address.name != "logout":
                client.get(address.url(world.values(OBJECTS.get(address.name))))
    root = settings.BASE_DIR / "templates"
    pages = {str(file.relative_to(root)) for file in root.rglob("*.html") if "{% extends" in file.read_text()}
    without = {page for page in pages - rendered if not page.startswith("admin/")}
    assert without == set(ARRANGED) | ELSEWHERE
