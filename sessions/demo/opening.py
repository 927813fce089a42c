"""The demonstration up to the sign-off: school, studio, accounts, campaign, notice, rosters."""

import datetime as dt
import io

from django.core.files.uploadedfile import SimpleUploadedFile

from photocampus import clock, sheets
from photocampus.models import Role, School, User
from sessions.demo.invented import HEADINGS
from sessions.demo.scene import CAMPAIGN_CODE, TODAY, DemoFailed, DemoUnit, Scene, on, work_off_jobs
from sessions.models import StationKind, WeeklyHours
from sessions.studio_days import add_closure, save_station
from sessions.venues import save_venue
from students.models import ClassGroup, RosterUpload, UploadState
from students.roster_uploads import ask_apply, start_upload
from students.sign_off import sign_off_class
from units.accounts import create_coordinator, create_studio_account
from units.campaigns import add_contract, create_campaign, publish_campaign
from units.models import Studio, Unit, UnitKind
from units.notices import acknowledge_notice, attach_file, publish_notice, write_notice

SCHOOL = ("99999", "北方开放大学（演示）")
NOTICE = """根据上级关于高校毕业生图像信息采集工作的要求，为做好我校学生学历证书电子注册工作，现将有关事宜通知如下。

## 一、采集范围与时间

1. 2018年1月和7月办理毕业的应届毕业生；其他在籍学生，各单位可依据需要提前组织。
2. 图像采集时间：2018年3月1日至2018年7月15日。

## 二、组织与要求

1. 毕业生人数在**100人以上**的单位，由拍摄公司到单位进行集体拍摄；不足100人的单位，组织学生集体到店拍摄。
2. 未参加集体拍照的学生到店个人拍摄，凭拍照回执按时领取照片并交到所在单位。
3. 每位学生洗印6张2寸和4张1寸彩色照片，另附8K小尺寸和竖版大尺寸电子图像。

## 三、注意事项

1. 学生着深色正装，携带身份证；各单位指导学生认真核对身份证号等信息。
2. 学历层次未变更的只采集一次；层次变更的须重新拍摄。

## 四、收费标准

集中拍摄每人20元，个人到店拍摄每人30元，由拍摄公司向学生本人收取，学校不收取也不支付任何费用。
"""
SURNAMES_OF_COORDINATORS = "陈林周吴郑王冯褚蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜"


def open_school(scene: Scene) -> None:
    """The school, its first administrator and its units; the studio with hours, stations and an account."""
    with on(dt.date(2017, 11, 20)):
        School.objects.create(code=SCHOOL[0], name=SCHOOL[1], demo_date=TODAY)
        clock.forget()
        scene.staff = User.objects.create_superuser(
            "jiaowu", scene.password, name="教务处（演示）", role=Role.STAFF, is_demo=True
        )
        _make_studio(scene)
        colleges: list[Unit] = []
        for index, demo in enumerate(scene.units):
            demo.unit = _make_unit(demo, colleges)
            if demo.unit.kind == UnitKind.COLLEGE:
                colleges.append(demo.unit)
            surname = SURNAMES_OF_COORDINATORS[index % len(SURNAMES_OF_COORDINATORS)]
            demo.coordinator = create_coordinator(
                username=f"unit-{demo.invented.size:03d}",
                name=f"{surname}老师",
                units=[demo.unit],
                by=scene.staff,
                phone=f"138{index:04d}{demo.invented.size:04d}",
                password=scene.password,
            ).user


def _make_unit(demo: DemoUnit, colleges: list[Unit]) -> Unit:
    is_admissions = demo.invented.is_admissions and bool(colleges)
    return Unit.objects.create(
        code=demo.invented.code,
        name=demo.invented.name,
        kind=UnitKind.ADMISSIONS if is_admissions else UnitKind.COLLEGE,
        college=colleges[0] if is_admissions else None,
        campus=demo.invented.campus,
        address=f"样例市{demo.invented.campus}样例路{int(demo.invented.code)}号",
    )


def _make_studio(scene: Scene) -> None:
    """Hours of R13; two bays in the studio and four crews that go out."""
    scene.studio = Studio.objects.create(
        code="YP",
        name="样例易拍影像服务有限公司",
        short_name="样例易拍",
        address="样例市中央区样例东街2号楼1803室",
        directions="地铁1号线、10号线样例站C口出",
        phone="010-55550100",
        contact_name="贺经理",
        payee="样例易拍影像服务有限公司",
    )
    for weekday in range(1, 7):
        for start, end in ((dt.time(9, 30), dt.time(12)), (dt.time(13), dt.time(17))):
            WeeklyHours.objects.create(studio=scene.studio, weekday=weekday, start=start, end=end)
    scene.photographer = create_studio_account(
        username="studio",
        name="样例易拍（演示）",
        studio=scene.studio,
        by=scene.staff,
        phone="13700000001",
        password=scene.password,
    ).user
    for code, name, kind in (
        ("A1", "一号棚", StationKind.BAY),
        ("A2", "二号棚", StationKind.BAY),
        *((f"C{n}", f"外拍{n}组", StationKind.CREW) for n in range(1, 5)),
    ):
        save_station(
            studio=scene.studio,
            by=scene.photographer,
            code=code,
            name=name,
            kind=kind,
            rate=20,
            daily_load=130,
        )
    add_closure(
        studio=scene.studio,
        first=dt.date(2018, 1, 10),
        last=dt.date(2018, 2, 28),
        reason="放假",
        by=scene.photographer,
    )


def open_campaign(scene: Scene) -> None:
    """Campaign 2018 with its terms, profiles and contract."""
    with on(dt.date(2017, 11, 22)):
        scene.campaign = create_campaign(
            code=CAMPAIGN_CODE,
            name="2018年毕业生图像信息采集",
            window_start=dt.date(2018, 3, 1),
            window_end=dt.date(2018, 7, 15),
            by=scene.staff,
            terms={"2018-01": dt.date(2018, 1, 15), "2018-07": dt.date(2018, 7, 15)},
            acknowledge_by=dt.date(2017, 12, 29),
            roster_by=dt.date(2018, 4, 30),
            sign_off_by=dt.date(2018, 5, 11),
            booking_by=dt.date(2018, 5, 31),
            acceptance_by=dt.date(2018, 6, 15),
            submission_by=dt.date(2018, 6, 29),
            retention_until=dt.date(2021, 7, 15),
        )
        add_contract(
            campaign=scene.campaign,
            studio=scene.studio,
            by=scene.staff,
            number="样例合同2017-118",
            signed_on=dt.date(2017, 11, 15),
        )


def publish(scene: Scene) -> None:
    """The notice with an attachment, then the campaign."""
    with on(dt.date(2017, 11, 28)):
        notice = write_notice(
            campaign=scene.campaign,
            by=scene.staff,
            document_number="教务〔2017〕58号",
            title="2018年毕业生图像信息采集工作通知",
            body=NOTICE,
            issuer=f"{SCHOOL[1]}教务处",
            issued_on=dt.date(2017, 11, 28),
        )
        rows = [["工作场地", "每个摄制组不小于30平方米，至少一个方向不小于5米"], ["电力", "220V，不小于5kW"]]
        data = sheets.sheet_bytes(headings=["项目", "要求"], rows=rows, title="场地要求")
        upload = SimpleUploadedFile("拍摄场地要求.xlsx", data, content_type=sheets.XLSX)
        attach_file(notice=notice, upload=upload, by=scene.staff)
        publish_notice(notice=notice, by=scene.staff)
        publish_campaign(campaign=scene.campaign, by=scene.staff)
        scene.campaign.refresh_from_db()


def acknowledge(scene: Scene) -> None:
    """Units read the notice and name their contact; one at least has not yet."""
    notice = scene.campaign.notices.get()
    for index, demo in enumerate(scene.reaching("acknowledge")):
        with on(dt.date(2017, 12, 1) + dt.timedelta(days=index % 20)):
            acknowledge_notice(
                notice=notice,
                unit=demo.unit,
                contact_name=demo.coordinator.name,
                contact_phone=f"138{index:04d}{demo.invented.size:04d}",
                by=demo.coordinator,
            )


def bring_rosters(scene: Scene) -> None:
    """Each unit uploads its roster as a spreadsheet, looks at the preview and applies it."""
    for index, demo in enumerate(scene.reaching("roster")):
        with on(dt.date(2018, 1, 5) + dt.timedelta(days=index % 40)):
            data = sheets.sheet_bytes(headings=HEADINGS, rows=[p.cells for p in demo.people], title="名单")
            upload = start_upload(
                campaign=scene.campaign,
                unit=demo.unit,
                file=io.BytesIO(data),
                name=f"{demo.unit.name}毕业生名单.xlsx",
                completeness="unit",
                by=demo.coordinator,
            )
            work_off_jobs()
            _expect(upload, UploadState.PREVIEWED, len(demo.people))
            ask_apply(upload=upload, by=demo.coordinator)
            work_off_jobs()
            _expect(upload, UploadState.APPLIED, len(demo.people))


def _expect(upload: RosterUpload, state: str, people: int) -> None:
    upload.refresh_from_db()
    if upload.state != state or upload.counts.get("new") != people:
        raise DemoFailed(f"roster of {upload.unit}: {upload.state} {upload.counts} instead of {people} new")


def sign_off(scene: Scene) -> None:
    """Every class of a unit is checked by its students and signed off."""
    for index, demo in enumerate(scene.reaching("sign_off")):
        with on(dt.date(2018, 2, 26) + dt.timedelta(days=index % 5)):
            for group in ClassGroup.objects.filter(unit=demo.unit).order_by("name"):
                sign_off_class(
                    campaign=scene.campaign, class_group=group, checked_on=clock.today(), by=demo.coordinator
                )


def add_venue(scene: Scene, demo: DemoUnit) -> None:
    """A room that fulfils R14 for two crews."""
    save_venue(
        unit=demo.unit,
        by=demo.coordinator,
        name="教学楼一层多功能厅",
        address=demo.unit.address,
        area="90",
        longest_side="12",
        doors=2,
        voltage=220,
        power="15",
        fire_equipment="干粉灭火器4具",
        certified_by=demo.coordinator.name,
        certified_until=dt.date(2018, 12, 31),
    )
