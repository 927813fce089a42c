"""Three people with three log-ins take a unit from the published notice to CHSI's answer, in a browser, on real files."""

from __future__ import annotations

import io
import os
import random
import re
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from openpyxl import load_workbook
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import Error as PlaywrightError

from photocampus import sheets
from sessions.demo.invented import HEADINGS, InventedPerson, invent_people, invent_units
from students.portraits import portrait_jpeg
from tests.portal import PASSWORD, RunningPortal, portal_database

pytestmark = [pytest.mark.browser, pytest.mark.portal]
UNITS, GRADUATES, SEED = 6, 330, 2018
CAMPAIGN = "2018"


def smallest_unit() -> tuple[str, str, list[InventedPerson]]:
    """Code, log-in and people of the demonstration's smallest college that has classes worth the name."""
    rng = random.Random(SEED)
    units = invent_units(UNITS, GRADUATES, rng)
    first, found = 1, None
    for unit in units:
        people = list(invent_people(unit, first, rng))
        first += len(people)
        if not unit.is_admissions and unit.size >= 10 and (found is None or unit.size < found[0].size):
            found = (unit, people)
    assert found is not None
    return found[0].code, f"unit-{found[0].size:03d}", found[1]


class Person:
    """One log-in in a browser of its own; whatever the browser complains about is kept."""

    def __init__(self, browser: Browser, portal: RunningPortal, username: str) -> None:
        self.context = browser.new_context(
            base_url=portal.url,
            viewport={"width": 1440, "height": 900},
            locale="zh-CN",
            accept_downloads=True,
        )
        self.context.set_default_timeout(60_000)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.go("/login/")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", PASSWORD)
        self.press("form:has([name=password]) button")

    def go(self, path: str) -> None:
        # A page that renews itself when its job ends may do so in the same moment; then there is no answer of its own.
        answer = self.page.goto(path) or self.page.goto(path)
        assert answer is not None and answer.status == 200, f"{path}: {answer and answer.status}"

    def press(self, selector: str) -> None:
        """Click, say yes where the page asks again, and wait for the next page."""
        self.page.locator(selector).first.click()
        sure = self.page.locator("dialog#confirm[open] [data-confirm-yes]")
        if sure.count():
            sure.click()
        self.page.wait_for_load_state("networkidle")

    def fill(self, **values: str) -> None:
        for name, value in values.items():
            field = self.page.locator(f"main [name={name}], #content [name={name}]").first
            if field.evaluate("element => element.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    def download(self, selector: str) -> bytes:
        with self.page.expect_download() as got:
            self.page.locator(selector).first.click()
        return Path(got.value.path()).read_bytes()

    def reload_until(self, selector: str, tries: int = 120) -> None:
        """Long work goes on in the worker; look again until the page shows its result."""
        for _ in range(tries):
            if self.page.locator(selector).count():
                return
            self.page.wait_for_timeout(500)
            # The page may reload itself at this very moment.
            with suppress(PlaywrightError):
                self.page.reload()
        raise AssertionError(
            f"{selector} did not appear at {self.page.url}: {self.page.inner_text('body')[:800]}"
        )


class Job:
    """The twelve steps; each leaves the portal as the next one needs it."""

    def __init__(self, browser: Browser, portal: RunningPortal) -> None:
        self.portal = portal
        self.unit, login, self.people = smallest_unit()
        self.staff = Person(browser, portal, "jiaowu")
        self.coordinator = Person(browser, portal, login)
        self.studio = Person(browser, portal, "studio")
        self.at_unit = f"/unit/{self.unit}/{CAMPAIGN}"
        self.at_studio = f"/studio/YP/{CAMPAIGN}"
        self.graduates = [p for p in self.people if p.cells[HEADINGS.index("类别")] == "毕业生"]

    def publish_the_notice(self) -> None:
        staff = self.staff
        staff.go("/admin/units/notice/add/")
        staff.page.locator("[name=campaign]").select_option(index=1)
        staff.fill(
            document_number="教务〔2017〕58号",
            title="2018年毕业生图像信息采集工作通知",
            body="## 一、范围\n\n应届毕业生，**深色正装**。",
            issuer="教务处",
        )
        staff.page.locator("[name=issued_on]").fill("2017-11-28")
        staff.press("[name=_save]")
        staff.go(self.act_of("notice", "publish"))
        staff.press("main form .actions button")
        staff.go(self.act_of("campaign", "publish"))
        staff.press("main form .actions button")
        staff.go(f"/notice/{CAMPAIGN}/")
        expect(staff.page.locator("main")).to_contain_text("深色正装")

    def act_of(self, model: str, act: str) -> str:
        """The address of an act, as the object's own page offers it."""
        self.staff.go(f"/admin/units/{model}/")
        self.staff.page.locator("#result_list tbody th a").first.click()
        self.staff.page.wait_for_load_state("networkidle")
        href = self.staff.page.locator(f"a[href$='/act/{act}/']").first.get_attribute("href")
        assert href
        return href

    def acknowledge(self) -> None:
        self.coordinator.go(f"{self.at_unit}/notice/")
        self.coordinator.fill(contact_name="陈老师", contact_phone="13800001234")
        self.coordinator.press("form[action$='/acknowledge/'] button")
        self.staff.go(f"/notice/{CAMPAIGN}/acknowledgements/")
        expect(self.staff.page.locator("main")).to_contain_text("陈老师")

    def bring_the_roster(self) -> None:
        data = sheets.sheet_bytes(headings=HEADINGS, rows=[person.cells for person in self.people])
        page = self.coordinator.page
        self.coordinator.go(f"{self.at_unit}/roster/files/")
        page.set_input_files("[name=file]", {"name": "名单.xlsx", "mimeType": sheets.XLSX, "buffer": data})
        page.locator("[name=completeness][value=unit], select[name=completeness]").first.evaluate(
            "element => { if (element.tagName === 'SELECT') element.value = 'unit'; else element.checked = true; }"
        )
        self.coordinator.press("form[enctype] button")
        self.coordinator.reload_until("form[action$='/apply/'] button")
        self.coordinator.press("form[action$='/apply/'] button")
        self.coordinator.reload_until("form[action$='/undo/'] button")
        self.coordinator.go(f"{self.at_unit}/roster/")
        expect(page.locator("main")).to_contain_text(self.people[0].student_number)

    def sign_off(self) -> None:
        self.coordinator.go(f"{self.at_unit}/sign-off/")
        forms = self.coordinator.page.locator("form[action$='/done/']").count()
        assert forms > 0
        for index in range(forms):
            self.coordinator.press(f"form[action$='/done/'] >> nth={index} >> button")

    def see_the_route(self) -> None:
        self.coordinator.go(f"{self.at_unit}/")
        text = self.coordinator.page.inner_text("main")
        assert str(len(self.graduates)) in text and "100" in text and "到店" in text

    def book(self) -> None:
        page = self.coordinator.page
        self.coordinator.go(f"{self.at_unit}/bookings/new/?kind=group&day=2018-04-19&month=2018-04-01")
        boxes = page.locator("[name=h][type=checkbox]")
        for index in range(min(8, boxes.count())):
            boxes.nth(index).check()
        self.coordinator.press("form:has([name=h][type=checkbox]) .button-primary")
        self.coordinator.fill(companion_name="陈老师", companion_phone="13800001234")
        self.coordinator.press("form[method=post]:has([name=companion_name]) .button-primary")
        self.booking = re.search(r"/bookings/([\w-]+)/", page.url).group(1)  # type: ignore[union-attr]
        self.studio.go(f"{self.at_studio}/bookings/{self.booking}/")
        self.studio.fill(agreed_load="120")
        self.studio.press("form[action$='/confirm/'] button")
        self.coordinator.go(f"{self.at_unit}/bookings/{self.booking}/")
        expect(page.locator("main")).to_contain_text("已确认")

    def plan(self) -> None:
        self.coordinator.go(f"{self.at_unit}/bookings/{self.booking}/plan/")
        self.coordinator.press("form[action$='/make/'] button")
        self.coordinator.go(f"{self.at_unit}/bookings/{self.booking}/plan/print/")
        expect(self.coordinator.page.locator("body")).to_contain_text("班")
        self.coordinator.go(f"{self.at_unit}/bookings/{self.booking}/plan/")
        book = load_workbook(io.BytesIO(self.coordinator.download("a[href*='sheet'], a[href$='.xlsx']")))
        assert book.active is not None and book.active.max_row > 1

    def shoot(self) -> None:
        for _ in range(2):
            self.staff.go("/admin/")
            self.staff.press(".demo-banner button[value='1']")
        studio = self.studio
        studio.go(f"{self.at_studio}/shoots/{self.booking}/")
        studio.press("form[action$='/start/'] button")
        for person in self.people[1:]:
            self.photograph(person)
        studio.press("form[action$='/finish/'] button")
        self.coordinator.go(f"{self.at_unit}/make-up/")
        expect(self.coordinator.page.locator("main")).to_contain_text(self.people[0].cells[1])

    def photograph(self, person: InventedPerson) -> None:
        """As at the desk: number, compare, shot number, picture, fee; Enter all the way."""
        page = self.studio.page
        page.locator("#desk-q").fill(person.student_number)
        page.keyboard.press("Enter")
        number = page.locator("#id-number")
        number.wait_for()
        number.fill(person.id_number)
        page.keyboard.press("Enter")
        for act in ("shot", "photographed", "fee"):
            button = page.locator(f"form[action$='/{act}/'] button[data-next]")
            button.wait_for()
            button.click()
        page.locator("form[action$='/fee/'] button[data-next]").wait_for(state="detached")

    def put_in_pictures(self) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for number, person in enumerate(self.people[2:], start=1):
                archive.writestr(f"{person.student_number}.jpg", portrait_jpeg(number))
            archive.writestr("不是照片.jpg", b"text")
        files = [
            {"name": "0419.zip", "mimeType": "application/zip", "buffer": packed.getvalue()},
            {
                "name": f"{self.people[1].id_number}.jpg",
                "mimeType": "image/jpeg",
                "buffer": portrait_jpeg(0),
            },
        ]
        self.studio.go(f"{self.at_studio}/pictures/")
        self.studio.page.set_input_files("[name=files]", files)  # type: ignore[arg-type]
        self.studio.page.locator("form[data-picture-upload] .actions .button-primary").click()
        self.studio.page.wait_for_url(re.compile(r"/pictures/.+/"))
        self.studio.page.wait_for_load_state("networkidle")
        self.wait_for_pictures(len(self.people) - 1)
        self.studio.go(f"{self.at_studio}/pictures/tray/")
        expect(self.studio.page.locator("main")).to_contain_text("不是照片.jpg")

    def class_pages(self) -> list[str]:
        self.coordinator.go(f"{self.at_unit}/pictures/")
        links = self.coordinator.page.locator("main table a[href*='class=']")
        paths: list[str] = links.evaluate_all("all => all.map(a => a.pathname + a.search)")
        return paths

    def wait_for_pictures(self, wanted: int) -> None:
        """The worker files them one after the other."""
        for _ in range(120):
            found = 0
            for path in self.class_pages():
                self.coordinator.go(path)
                found += self.coordinator.page.locator("[name=seen]").count()
            if found == wanted:
                return
            self.coordinator.page.wait_for_timeout(1000)
        raise AssertionError(f"{found} of {wanted} pictures were filed")

    def accept(self) -> None:
        """One is refused with a code, all others are accepted class by class."""
        page = self.coordinator.page
        pages = self.class_pages()
        self.coordinator.go(pages[0])
        page.locator("[name=seen]").first.check()
        page.locator("[name=code]").first.select_option(index=2)
        self.coordinator.press("button[value=refuse]")
        for path in pages:
            self.coordinator.go(path)
            if page.locator("button[value=accept_all]").count():
                self.coordinator.press("button[value=accept_all]")

    def deliver(self) -> None:
        studio = self.studio
        studio.go(f"{self.at_studio}/deliveries/")
        studio.press("main form:has([name=unit]) button")
        studio.go(f"{self.at_studio}/deliveries/")
        studio.page.locator("main table a").first.click()
        studio.reload_until("form[action$='/send/'] button")
        studio.press("form[action$='/send/'] button")
        self.coordinator.go(f"{self.at_unit}/deliveries/")
        self.coordinator.page.locator("main table a").first.click()
        self.coordinator.page.wait_for_load_state("networkidle")
        field = self.coordinator.page.locator("input[name^='1in-']").first
        field.evaluate(
            "element => { element.closest('details')?.setAttribute('open', ''); element.value = '1'; }"
        )
        self.coordinator.press("form[data-confirm] button.button-primary, form[data-confirm] button")
        studio.page.reload()
        expect(studio.page.locator("main")).to_contain_text("缺")

    def submit_and_verify(self) -> None:
        button = "form[action$='/submit/'] button.button-primary:not([disabled])"
        for term in ("2018-01", "2018-07"):
            self.coordinator.go(f"{self.at_unit}/submissions/?term={term}")
            if self.coordinator.page.locator(button).count():
                self.coordinator.press(button)
        waiting = self.staff.page.locator("main td a.button-primary")
        self.staff.go("/admin/students/submission/")
        assert waiting.count() > 0
        while waiting.count():
            waiting.first.click()
            self.staff.page.wait_for_load_state("networkidle")
            self.staff.press("button[value=verify_all]")
            self.staff.go("/admin/students/submission/")

    def build_the_batch(self) -> None:
        staff = self.staff
        staff.go("/admin/students/exportbatch/")
        staff.press("main form[action*='/build/'] button.button-primary")
        staff.reload_until("form[action$='/report/'], [action*='report']")
        form = staff.page.locator("form[action*='/files/']", has_text=".zip").first
        form.locator("input[name=purpose]").fill("上报学信网")
        with staff.page.expect_download() as got:
            form.locator("button").click()
        self.batch = Path(got.value.path()).read_bytes()
        staff.press("form[action*='report'] button")
        self.check_the_batch()

    def check_the_batch(self) -> None:
        """Each submitted graduate has one small image, and the manifest agrees line by line."""
        with zipfile.ZipFile(io.BytesIO(self.batch)) as archive:
            pictures = {Path(n).stem: archive.read(n) for n in archive.namelist() if n.endswith(".jpg")}
            sheet = next(name for name in archive.namelist() if name.endswith(".xlsx"))
            rows = list(load_workbook(io.BytesIO(archive.read(sheet))).active.iter_rows(values_only=True))
        heads = [str(cell) for cell in rows[0]]
        listed = [str(row[heads.index("XH")]) for row in rows[1:]]
        assert sorted(pictures) == sorted(listed)
        known = {person.student_number: person.id_number for person in self.graduates}
        assert {row[heads.index("XH")]: row[heads.index("SFZH")] for row in rows[1:]}.items() <= known.items()
        # All graduates but the absent one and the one whose picture was refused.
        assert len(listed) == len(self.graduates) - 2
        for data in pictures.values():
            assert len(data) <= 8192 and Image.open(io.BytesIO(data)).size == (240, 320)

    def take_the_answer_in(self) -> None:
        with zipfile.ZipFile(io.BytesIO(self.batch)) as archive:
            numbers = [Path(n).stem for n in archive.namelist() if n.endswith(".jpg")]
        known = {person.student_number: person.id_number for person in self.graduates}
        rows = [[number, known[number], "核验通过"] for number in numbers]
        rows[0][2] = "图像不合格：背景不均匀"
        answer = sheets.sheet_bytes(headings=["XH", "SFZH", "BZ"], rows=rows)
        file = {"name": "结果.xlsx", "mimeType": sheets.XLSX, "buffer": answer}
        self.staff.page.set_input_files("[name=file]", file)  # type: ignore[arg-type]
        self.staff.press("form[enctype] button")
        self.staff.press("button[value=apply]")
        name = next(p.cells[1] for p in self.graduates if p.student_number == numbers[0])
        self.coordinator.go(f"{self.at_unit}/make-up/")
        expect(self.coordinator.page.locator("main")).to_contain_text(name)

    def keep_screenshots(self) -> None:
        """The start pages, for the README."""
        folder = os.environ.get("PHOTOCAMPUS_SCREENSHOTS")
        for name, person, path in (
            ("staff", self.staff, "/admin/"),
            ("unit", self.coordinator, "/unit/"),
            ("studio", self.studio, "/studio/"),
        ):
            person.go(path)
            if folder:
                person.page.screenshot(path=f"{folder}/{name}.png")


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    folder = tmp_path_factory.mktemp("portal")
    with portal_database("photocampus_whole_job") as database:
        made = RunningPortal(folder, database)
        made.migrate()
        made.manage(
            "demo",
            "--units",
            str(UNITS),
            "--graduates",
            str(GRADUATES),
            "--until",
            "campaign",
            "--seed",
            str(SEED),
        )
        yield made


def test_three_people_do_the_whole_job(portal: RunningPortal, browser: Browser) -> None:
    with portal.serving():
        job = Job(browser, portal)
        job.publish_the_notice()
        job.acknowledge()
        job.bring_the_roster()
        job.sign_off()
        job.see_the_route()
        job.book()
        job.plan()
        job.shoot()
        job.put_in_pictures()
        job.accept()
        job.deliver()
        job.submit_and_verify()
        job.build_the_batch()
        job.take_the_answer_in()
        job.keep_screenshots()
        complaints = [*job.staff.complaints, *job.coordinator.complaints, *job.studio.complaints]
    assert complaints == []
    assert portal.manage("check_ledger").returncode == 0
    search = portal.run(sys.executable, "-m", "tests.leaks", str(portal.folder), check=False)
    assert search.returncode == 0, search.stdout
