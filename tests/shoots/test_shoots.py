"""The day of the shoot: check-in by comparison, shot numbers, photographed or absent, and every refusal."""

import datetime as dt

import pytest

from photocampus.errors import ChangedMeanwhile, IllegalMove, MissingReason
from photocampus.events import history_of
from photocampus.models import Event
from sessions.checkin import (
    AlreadyExpected,
    FeeWasTaken,
    HasShotNumber,
    NoShotNumber,
    NotGranted,
    NothingTyped,
    add_walk_in,
    check_in,
    expect_again,
    mark_absent,
    mark_photographed,
)
from sessions.fees import move_fee
from sessions.models import (
    Attendance,
    AttendancePhoto,
    AttendanceState,
    BookingKind,
    BookingState,
    Fee,
    FeeState,
    Shot,
)
from sessions.reshoots import Exempt, NotOnRoster, OutsideWindow
from sessions.shoots import (
    AlreadyEnded,
    MissingText,
    NotTheDay,
    NotUnderWay,
    StillHere,
    WrongStation,
    close_day,
    end_disturbance,
    finish_shoot,
    record_disturbance,
    start_shoot,
)
from sessions.shots import (
    AlreadyVoided,
    NotCheckedIn,
    WrongSeries,
    issue_shot,
    normal_code,
    shot_code,
    void_shot,
)
from students.decisions import write_decisions
from students.filing import choose_picture
from students.makeup import make_up_list
from students.models import Exemption, Graduate, Outcome, RefusalCode, RosterState, Stage
from tests import factories as make
from tests.shoots.shoot_day import DAY, ShootDay, at, make_photo, make_shoot_day

pytestmark = pytest.mark.django_db


@pytest.fixture
def day():
    with at(9, 40):
        yield make_shoot_day()


class TestShootItself:
    def test_begins_on_its_day_only(self):
        planned = make_shoot_day(started=False)
        with at(9, day=DAY + dt.timedelta(days=1)), pytest.raises(NotTheDay):
            start_shoot(booking=planned.booking, by=planned.photographer)
        with at(9):
            start_shoot(booking=planned.booking, by=planned.photographer)
        planned.booking.refresh_from_db()
        assert planned.booking.state == BookingState.UNDER_WAY

    @pytest.mark.parametrize(
        "state", ["asked", "proposed", "declined", "withdrawn", "cancelled", "lapsed", "done"]
    )
    def test_begins_only_when_confirmed(self, state):
        planned = make_shoot_day(started=False, state=state)
        with at(9), pytest.raises(IllegalMove):
            start_shoot(booking=planned.booking, by=planned.photographer)

    def test_finish_marks_who_did_not_come_and_is_recorded_for_each(self, day: ShootDay):
        first, *others = day.attendances
        day.photograph(first)
        assert finish_shoot(booking=day.booking, by=day.photographer) == 2
        states = [row.state for row in day.attendances]
        assert states == [AttendanceState.PHOTOGRAPHED, AttendanceState.ABSENT, AttendanceState.ABSENT]
        assert [history_of(row).last().new for row in others] == ["absent", "absent"]
        with pytest.raises(IllegalMove):
            finish_shoot(booking=day.booking, by=day.photographer)

    def test_finish_waits_for_who_is_checked_in(self, day: ShootDay):
        first = day.attendances[0]
        check_in(attendance=first, typed=day.number_of(first), by=day.photographer)
        with pytest.raises(StillHere):
            finish_shoot(booking=day.booking, by=day.photographer)
        day.booking.refresh_from_db()
        assert day.booking.state == BookingState.UNDER_WAY

    def test_finished_or_not_begun_nobody_checks_in(self, day: ShootDay):
        finish_shoot(booking=day.booking, by=day.photographer)
        with pytest.raises(NotUnderWay):
            check_in(attendance=day.attendances[0], typed="1", by=day.photographer)
        with pytest.raises(NotUnderWay):
            record_disturbance(booking=day.booking, what="停电", by=day.photographer)
        with pytest.raises(NotUnderWay):
            close_day(booking=day.booking, day=DAY, by=day.photographer)

    def test_one_day_of_several_ends(self, day: ShootDay):
        Attendance.objects.filter(pk=day.attendances[0].pk).update(day=DAY)
        assert close_day(booking=day.booking, day=DAY, by=day.photographer) == 1
        assert [row.state for row in day.attendances].count("expected") == 2

    def test_disturbance_is_recorded_with_its_station_and_end(self, day: ShootDay):
        with pytest.raises(MissingText):
            record_disturbance(booking=day.booking, what=" ", by=day.photographer)
        with pytest.raises(WrongStation):
            other = make.make_station(day.studio, "B9")
            record_disturbance(booking=day.booking, what="停电", by=day.photographer, station=other)
        found = record_disturbance(booking=day.booking, what="停电", by=day.photographer, station=day.station)
        end_disturbance(disturbance=found, by=day.photographer)
        with pytest.raises(AlreadyEnded):
            end_disturbance(disturbance=found, by=day.photographer)


class TestCheckIn:
    def test_equal_number_lets_in_and_freezes_identity(self, day: ShootDay):
        row = day.attendances[0]
        typed = day.number_of(row)
        assert check_in(attendance=row, typed=f" {typed[:6]} {typed[6:].lower()} ", by=day.photographer)
        row.refresh_from_db()
        graduate = Graduate.objects.get(pk=row.graduate_id)
        assert (row.state, row.id_compared, row.day) == (AttendanceState.CHECKED_IN, True, DAY)
        assert graduate.identity_frozen_at is not None

    def test_other_number_changes_nothing_but_is_recorded_without_it(self, day: ShootDay):
        row, other = day.attendances[:2]
        typed = day.number_of(other)
        assert not check_in(attendance=row, typed=typed, by=day.photographer)
        row.refresh_from_db()
        assert (row.state, row.id_compared) == (AttendanceState.EXPECTED, False)
        assert Graduate.objects.get(pk=row.graduate_id).identity_frozen_at is None
        assert history_of(row).last().kind == "id_differs"
        assert not any(typed in f"{e.old}{e.new}{e.reason}{e.data}" for e in Event.objects.all())

    def test_nothing_typed_is_refused(self, day: ShootDay):
        with pytest.raises(NothingTyped):
            check_in(attendance=day.attendances[0], typed="  ", by=day.photographer)

    def test_twice_is_refused(self, day: ShootDay):
        row = day.attendances[0]
        check_in(attendance=row, typed=day.number_of(row), by=day.photographer)
        with pytest.raises(IllegalMove):
            check_in(attendance=row, typed=day.number_of(row), by=day.photographer)
        day2 = day.photograph(day.attendances[1])
        with pytest.raises(IllegalMove):
            check_in(attendance=day2, typed=day.number_of(day2), by=day.photographer)

    @pytest.mark.parametrize(
        ("changes", "refusal"),
        [
            ({"roster_state": RosterState.DEFERRED}, NotOnRoster),
            ({"exemption": Exemption.EARLIER_PICTURE}, Exempt),
        ],
    )
    def test_who_is_not_to_be_photographed_is_refused(self, day: ShootDay, changes, refusal):
        row = day.attendances[0]
        Graduate.objects.filter(pk=row.graduate_id).update(**changes)
        with pytest.raises(refusal):
            check_in(attendance=row, typed=day.number_of(row), by=day.photographer)

    @pytest.mark.parametrize(
        ("today", "until", "is_allowed"),
        [
            (dt.date(2018, 2, 28), None, False),
            (dt.date(2018, 3, 1), None, True),
            (dt.date(2018, 7, 15), None, True),
            (dt.date(2018, 7, 16), None, False),
            (dt.date(2018, 7, 16), dt.date(2018, 7, 16), True),
            (dt.date(2018, 7, 17), dt.date(2018, 7, 16), False),
            (dt.date(2018, 2, 28), dt.date(2018, 7, 20), False),
        ],
    )
    def test_window_and_extension(self, day: ShootDay, today, until, is_allowed):
        row = day.attendances[0]
        Graduate.objects.filter(pk=row.graduate_id).update(reshoot_until=until)
        with at(10, day=today):
            if is_allowed:
                assert check_in(attendance=row, typed=day.number_of(row), by=day.photographer)
            else:
                with pytest.raises(OutsideWindow):
                    check_in(attendance=row, typed=day.number_of(row), by=day.photographer)

    def test_walk_in(self, day: ShootDay):
        stranger = make.make_graduate(day.campaign)
        with pytest.raises(NotGranted):
            add_walk_in(booking=day.booking, graduate=stranger, by=day.photographer)
        with pytest.raises(AlreadyExpected):
            add_walk_in(booking=day.booking, graduate=day.graduates[0], by=day.photographer)
        exempt = make.make_graduate(day.campaign, day.unit, exemption=Exemption.EARLIER_PICTURE)
        with pytest.raises(Exempt):
            add_walk_in(booking=day.booking, graduate=exempt, by=day.photographer)
        late = make.make_graduate(day.campaign, day.unit)
        row = add_walk_in(booking=day.booking, graduate=late, by=day.photographer)
        assert (row.state, row.fee_due) == (AttendanceState.EXPECTED, 20)


class TestAbsence:
    def test_absent_may_come_after_all(self, day: ShootDay):
        row = day.attendances[0]
        mark_absent(attendance=row, by=day.photographer)
        assert check_in(attendance=row, typed=day.number_of(row), by=day.photographer)
        row.refresh_from_db()
        assert (row.state, row.absent_reason) == (AttendanceState.CHECKED_IN, "")

    def test_marked_by_mistake_is_expected_again(self, day: ShootDay):
        row = day.attendances[0]
        with pytest.raises(IllegalMove):
            expect_again(attendance=row, by=day.photographer)
        mark_absent(attendance=row, by=day.photographer)
        expect_again(attendance=row, by=day.photographer)
        row.refresh_from_db()
        assert row.state == AttendanceState.EXPECTED

    def test_leaving_after_check_in_needs_reason_and_no_number_and_no_money(self, day: ShootDay):
        row = day.attendances[0]
        check_in(attendance=row, typed=day.number_of(row), by=day.photographer)
        with pytest.raises(MissingReason):
            mark_absent(attendance=row, by=day.photographer)
        shot = issue_shot(attendance=row, station=day.station, by=day.photographer)
        with pytest.raises(HasShotNumber):
            mark_absent(attendance=row, by=day.photographer, reason="身体不适")
        mark_photographed(attendance=row, by=day.photographer)
        with pytest.raises(IllegalMove):
            mark_absent(attendance=row, by=day.photographer, reason="身体不适")
        move_fee(fee=Fee.objects.get(), to=FeeState.TAKEN, by=day.photographer)
        void_shot(shot=shot, reason="设备故障", by=day.photographer)
        with pytest.raises(FeeWasTaken):
            mark_absent(attendance=row, by=day.photographer, reason="身体不适")
        move_fee(fee=Fee.objects.get(), to=FeeState.REFUNDED, by=day.photographer, reason="未拍成")
        mark_absent(attendance=row, by=day.photographer, reason="身体不适")
        row.refresh_from_db()
        assert (row.state, row.absent_reason) == (AttendanceState.ABSENT, "身体不适")


class TestLeavingAfterThePictureCameIn:
    """The number was struck out after its picture had been filed, and the person left without another one."""

    @pytest.fixture
    def row(self, day: ShootDay) -> Attendance:
        return day.photograph(day.attendances[0])

    def leave(self, day: ShootDay, row: Attendance) -> bool:
        void_shot(shot=Shot.objects.get(), reason="闭眼", by=day.photographer)
        return mark_absent(attendance=row, by=day.photographer, reason="有课")

    def listed(self, row: Attendance) -> list[str]:
        people = make_up_list(row.booking.campaign).filter(pk=row.graduate_id)
        return [person.makeup_reason for person in people]

    def test_picture_that_nobody_decided_on_is_put_aside(self, day: ShootDay, row: Attendance):
        photo = make_photo(day, row.graduate, accepted=False)
        assert self.leave(day, row) is True
        row.graduate.refresh_from_db()
        assert row.graduate.picture is None and self.listed(row) == ["absent"]
        event = history_of(row.graduate).get(kind="picture_put_aside")
        assert (event.old, event.new, event.reason) == (photo.public_id, "", "闭眼")
        assert row.graduate.enrolment.photos.get() == photo and photo.taken_back_at is None

    def test_picture_before_it_is_the_persons_again_with_its_refusal(self, day: ShootDay, row: Attendance):
        first = make_photo(day, row.graduate, accepted=False, text="earlier")
        AttendancePhoto.objects.all().delete()
        code = RefusalCode.objects.get(code="highlight")
        pairs = [(row.graduate_id, first.pk)]
        write_decisions(
            pairs=pairs, stage=Stage.ACCEPTANCE, outcome=Outcome.NO, by=day.coordinator, code=code
        )
        second = make_photo(day, row.graduate, accepted=False)
        graduate = Graduate.objects.get(pk=row.graduate_id)
        graduate.picture = first
        choose_picture(graduate=graduate, photo=second, by=day.photographer)
        assert self.listed(row) == []
        assert self.leave(day, row) is True
        graduate.refresh_from_db()
        assert (graduate.picture, self.listed(row)) == (first, ["refused"])

    def test_of_two_struck_out_none_comes_back(self, day: ShootDay, row: Attendance):
        first = make_photo(day, row.graduate, accepted=False)
        void_shot(shot=Shot.objects.get(), reason="闭眼", by=day.photographer)
        row = Attendance.objects.get(pk=row.pk)
        again = issue_shot(attendance=row, station=day.station, by=day.photographer)
        row = mark_photographed(attendance=row, by=day.photographer)
        second = make_photo(day, row.graduate, accepted=False, text="again")
        graduate = Graduate.objects.get(pk=row.graduate_id)
        graduate.picture = first
        choose_picture(graduate=graduate, photo=second, by=day.photographer)
        void_shot(shot=again, reason="又闭眼", by=day.photographer)
        assert mark_absent(attendance=row, by=day.photographer, reason="有课") is True
        graduate.refresh_from_db()
        assert graduate.picture is None and self.listed(row) == ["absent"]
        events = history_of(graduate).filter(kind="picture_put_aside")
        assert list(events.values_list("reason", flat=True)) == ["又闭眼", "闭眼"]

    @pytest.mark.parametrize("outcome", [Outcome.YES, Outcome.NO])
    def test_what_the_unit_decided_on_stays(self, day: ShootDay, row: Attendance, outcome):
        photo = make_photo(day, row.graduate, accepted=outcome == Outcome.YES)
        if outcome == Outcome.NO:
            code = RefusalCode.objects.get(code="highlight")
            pairs = [(row.graduate_id, photo.pk)]
            write_decisions(
                pairs=pairs, stage=Stage.ACCEPTANCE, outcome=outcome, by=day.coordinator, code=code
            )
        assert self.leave(day, row) is False
        row.graduate.refresh_from_db()
        assert row.graduate.picture == photo
        assert self.listed(row) == ([] if outcome == Outcome.YES else ["refused"])

    def test_picture_that_is_not_of_this_shoot_stays(self, day: ShootDay, row: Attendance):
        photo = make_photo(day, row.graduate, accepted=False)
        AttendancePhoto.objects.all().delete()
        assert self.leave(day, row) is False
        row.graduate.refresh_from_db()
        assert row.graduate.picture == photo


class TestShots:
    def test_numbers_run_in_order_per_station_day_and_series(self, day: ShootDay):
        codes = []
        for row in day.attendances[:2]:
            check_in(attendance=row, typed=day.number_of(row), by=day.photographer)
            codes.append(issue_shot(attendance=row, station=day.station, by=day.photographer).code)
        row = day.attendances[2]
        check_in(attendance=row, typed=day.number_of(row), by=day.photographer)
        codes.append(issue_shot(attendance=row, station=day.station, by=day.photographer, series="B").code)
        assert codes == ["A2-0417-001", "A2-0417-002", "A2-0417-B001"]

    def test_voided_number_is_never_used_again(self, day: ShootDay):
        row = day.photograph(day.attendances[0])
        first = row.shots.get()
        with pytest.raises(MissingReason):
            void_shot(shot=first, reason="", by=day.photographer)
        void_shot(shot=first, reason="闭眼", by=day.photographer)
        with pytest.raises(AlreadyVoided):
            void_shot(shot=first, reason="闭眼", by=day.photographer)
        row.refresh_from_db()
        assert (row.state, row.photographed_at) == (AttendanceState.CHECKED_IN, None)
        second = issue_shot(attendance=row, station=day.station, by=day.photographer)
        mark_photographed(attendance=row, by=day.photographer)
        assert second.code == "A2-0417-002"
        assert Fee.objects.filter(attendance=row).count() == 1

    def test_every_refusal(self, day: ShootDay):
        row = day.attendances[0]
        with pytest.raises(NotCheckedIn):
            issue_shot(attendance=row, station=day.station, by=day.photographer)
        check_in(attendance=row, typed=day.number_of(row), by=day.photographer)
        with pytest.raises(NoShotNumber):
            mark_photographed(attendance=row, by=day.photographer)
        with pytest.raises(WrongSeries):
            issue_shot(attendance=row, station=day.station, by=day.photographer, series="b1")
        with pytest.raises(WrongStation):
            issue_shot(attendance=row, station=make.make_station(day.studio, "C1"), by=day.photographer)
        issue_shot(attendance=row, station=day.station, by=day.photographer)
        with pytest.raises(HasShotNumber):
            issue_shot(attendance=row, station=day.station, by=day.photographer)
        assert Shot.objects.count() == 1

    @pytest.mark.parametrize("typed", ["a2-0417-031", " A2－0417-31 ", "A2-0417-031"])
    def test_typed_numbers_are_read_as_printed(self, typed):
        assert normal_code(typed) == shot_code("A2", DAY, "", 31) == "A2-0417-031"

    @pytest.mark.parametrize("typed", ["", "20140001", "A2-417-031", "A2-0417-", "https://x/me/abc/"])
    def test_other_texts_are_no_shot_numbers(self, typed):
        assert normal_code(typed) == ""

    def test_individuals_do_not_wait_for_a_group(self):
        with at(10):
            alone = make_shoot_day(1, kind=BookingKind.INDIVIDUAL)
            row = alone.photograph(alone.attendances[0])
            assert row.receipt.number == 1

    def test_stale_state_is_refused(self, day: ShootDay, monkeypatch):
        """Somebody else marks the person absent between our reading and our writing."""
        row = day.attendances[0]
        stale = Attendance.objects.get(pk=row.pk)
        Attendance.objects.filter(pk=row.pk).update(state=AttendanceState.ABSENT)
        from photocampus.events import move_state
        from sessions.checkin import ATTENDANCE_MOVES

        with pytest.raises(ChangedMeanwhile):
            move_state(stale, AttendanceState.CHECKED_IN, moves=ATTENDANCE_MOVES, by=day.photographer)
