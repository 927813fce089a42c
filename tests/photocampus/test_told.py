"""Being told: one message per event and person, whatever dies in between; and mail by the person's choice."""

import datetime as dt

import pytest
from django.core import mail
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from photocampus import clock, told
from photocampus.chores import run_due_chores
from photocampus.events import build_event, record, record_many
from photocampus.models import Chore, Event, MailChoice, MailState, Notification, Role, Untold
from photocampus.told import Reader, sentence, tell_events, tell_waiting
from photocampus.told_mail import MOST_TRIES, next_digest, send_due_mail
from tests import factories as make

NOON = dt.datetime(2018, 4, 17, 12, 0)


@pytest.fixture
def rules(monkeypatch):
    """Rules of this test only, over the real ones."""
    monkeypatch.setattr(told, "_rules", {})
    return told


@pytest.fixture
def people(db):
    return [make.make_user(Role.UNIT, email=f"u{n}@example.org") for n in range(3)]


def tell_all_of(rules, people, **options):
    rules.tell(
        "units.unit",
        "rung",
        "rung_again",
        says="the bell of %(unit)s",
        to=lambda event: [Reader(user.pk, "/there/", {"unit": "U"}) for user in people],
        **options,
    )


def ring(unit, by=None, kind="rung"):
    event = record(unit, kind, by=by)
    tell_events([event.pk])
    return event


def test_everybody_named_is_told_once_but_not_who_did_it(rules, people):
    tell_all_of(rules, people)
    event = ring(make.make_unit(), by=people[0])
    rows = list(Notification.objects.select_related("event"))
    assert {row.user for row in rows} == set(people[1:])
    assert {(sentence(row), row.url) for row in rows} == {("the bell of U", "/there/")}
    Untold.objects.create(event=event)  # as if the worker had died before the row went
    assert tell_waiting() == 2 and Notification.objects.count() == 2


def test_what_a_killed_process_left_is_told_by_the_next_round(rules, people):
    tell_all_of(rules, people)
    record(make.make_unit(), "rung", by=None)
    record_many([build_event(make.make_unit(), "rung", by=None), build_event(make.make_unit(), "x", by=None)])
    assert (Untold.objects.count(), Notification.objects.count()) == (2, 0)
    run_due_chores(all_of_them=True)
    assert (Untold.objects.count(), Notification.objects.count()) == (0, 6)


def test_telling_follows_the_commit(rules, people, django_capture_on_commit_callbacks):
    tell_all_of(rules, people)
    with django_capture_on_commit_callbacks(execute=True):
        record(make.make_unit(), "rung", by=None)
        assert Notification.objects.count() == 0
    assert Notification.objects.count() == 3


def test_a_rule_that_fails_stops_neither_the_act_nor_the_others(rules, people, caplog):
    rules.tell("units.unit", "broken", says="", to=lambda event: 1 / 0)
    tell_all_of(rules, people)
    unit = make.make_unit()
    broken = record(unit, "broken", by=None)
    ring(unit)
    for _round in range(12):
        tell_waiting()
    assert Untold.objects.get().event == broken and Untold.objects.get().tries == told.MOST_TRIES
    assert Notification.objects.count() == 3
    assert "could be told" in caplog.text


def test_gathered_messages_come_once_until_they_are_read(rules, people):
    tell_all_of(rules, people[:1], gathers=True)
    unit = make.make_unit()
    ring(unit)
    ring(unit, kind="rung_again")
    ring(make.make_unit())
    assert Notification.objects.count() == 2
    Notification.objects.update(read_at=clock.now())
    ring(unit)
    assert Notification.objects.count() == 3


def test_deactivated_people_are_not_told_and_two_rules_are_refused(rules, people):
    tell_all_of(rules, people)
    people[0].is_active = False
    people[0].save(update_fields=["is_active"])
    ring(make.make_unit())
    assert Notification.objects.count() == 2
    with pytest.raises(RuntimeError):
        tell_all_of(rules, people)


def test_inbox_shows_only_the_own_messages_in_the_readers_language(people):
    unit = make.make_unit()
    event = Event.objects.create(subject_type="units.unit", subject_id=unit.pk, kind="people_transferred_in")
    facts = {"unit": "会计学院", "other": "法学院", "people": 3}
    for user in people:
        Notification.objects.create(user=user, event=event, facts=facts, url="/unit/")
    client = Client()
    client.force_login(people[0], backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("inbox"))
    assert [line.row.user_id for line in page.context["lines"]] == [people[0].pk]
    assert "会计学院" in page.content.decode()
    foreign = Notification.objects.get(user=people[1])
    assert client.post(reverse("inbox-open", args=[foreign.public_id])).status_code == 404
    assert Notification.objects.filter(read_at=None).count() == 3
    own = Notification.objects.get(user=people[0])
    client.post(reverse("set_language"), {"language": "en", "next": "/inbox/"})
    assert "Transferred to 会计学院 from 法学院: 3 people." in client.get(reverse("inbox")).content.decode()
    people[0].refresh_from_db()
    assert people[0].language == "en"
    assert client.get(reverse("inbox-open", args=[own.public_id])).status_code == 405
    answer = client.post(reverse("inbox-open", args=[own.public_id]))
    assert answer["Location"] == "/unit/"
    assert Notification.objects.filter(read_at=None).count() == 2


def test_mark_all_leaves_what_came_after_the_page(people):
    unit = make.make_unit()
    rows = []
    for _ in range(3):
        event = Event.objects.create(subject_type="units.unit", subject_id=unit.pk, kind="x")
        rows.append(Notification.objects.create(user=people[0], event=event))
    client = Client()
    client.force_login(people[0], backend="django.contrib.auth.backends.ModelBackend")
    client.post(reverse("inbox-read-all"), {"newest": rows[1].public_id})
    assert list(Notification.objects.filter(read_at=None)) == [rows[2]]
    assert client.get(reverse("inbox") + "?show=unread").context["unread"] == 1


@pytest.mark.parametrize("role", [Role.STAFF, Role.UNIT, Role.STUDIO])
def test_inbox_takes_the_same_number_of_queries_however_much_is_in_it(db, role, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    user, unit, client = make.make_user(role), make.make_unit(), Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    counts = []
    for more in (1, 4):
        for _ in range(more):
            event = Event.objects.create(subject_type="units.unit", subject_id=unit.pk, kind="x")
            Notification.objects.create(user=user, event=event)
        client.get(reverse("inbox"))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(reverse("inbox")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_no_mail_without_a_mail_server(rules, people):
    tell_all_of(rules, people)
    ring(make.make_unit())
    assert set(Notification.objects.values_list("mail_state", flat=True)) == {MailState.NONE}
    assert send_due_mail() == 0 and mail.outbox == []


def test_mail_goes_out_by_choice_in_the_persons_language(rules, people, settings):
    settings.EMAIL_URL = "smtp://mail"
    now, daily, never = people
    for user, choice, language in ((now, "now", "en"), (daily, "daily", "zh-hans"), (never, "none", "en")):
        user.mail_choice, user.language = choice, language
        user.save(update_fields=["mail_choice", "language"])
    without = make.make_user(Role.UNIT)
    tell_all_of(rules, [*people, without])
    with clock.at(NOON):
        ring(make.make_unit())
        ring(make.make_unit())
        assert mail.outbox == []  # never in the request
        assert send_due_mail() == 1
        assert send_due_mail() == 0
    assert [message.to for message in mail.outbox] == [[now.email]]
    assert mail.outbox[0].subject == "2 pieces of news"
    assert mail.outbox[0].body.count("http://testserver/there/") == 2
    with clock.at(NOON + dt.timedelta(hours=19)):
        assert send_due_mail() == 0
    with clock.at(NOON + dt.timedelta(hours=20)):
        assert send_due_mail() == 1
    assert mail.outbox[1].to == [daily.email] and mail.outbox[1].subject == "2 条新消息"
    assert Notification.objects.filter(user__in=[never, without]).count() == 4


def test_a_mail_that_fails_is_tried_later_and_given_up_in_the_end(
    rules, people, settings, monkeypatch, caplog
):
    settings.EMAIL_URL = "smtp://mail"
    tell_all_of(rules, people[:1])
    moment = NOON
    with clock.at(moment):
        ring(make.make_unit())
    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", fail)
    tries = 0
    while Notification.objects.get().mail_state == MailState.DUE:
        with clock.at(moment):
            assert send_due_mail() == 0
            tries += 1
            after = Notification.objects.get().mail_after
        moment = after or moment
    assert tries == MOST_TRIES
    assert Notification.objects.get().mail_state == MailState.GIVEN_UP
    assert moment - clock.timezone.make_aware(NOON) == dt.timedelta(minutes=sum(2**n for n in range(1, 8)))
    assert people[0].email not in caplog.text and "the bell" not in caplog.text


def fail(self):
    raise ConnectionRefusedError("no")


def test_a_worker_that_died_while_sending_leaves_the_mail_to_the_next(rules, people, settings, monkeypatch):
    settings.EMAIL_URL = "smtp://mail"
    tell_all_of(rules, people[:1])
    with clock.at(NOON):
        ring(make.make_unit())
        with monkeypatch.context() as patch:
            patch.setattr("django.core.mail.message.EmailMessage.send", die)
            with pytest.raises(SystemExit):
                send_due_mail()
        assert send_due_mail() == 0  # the lease still runs
    with clock.at(NOON + dt.timedelta(minutes=6)):
        assert send_due_mail() == 1
    assert len(mail.outbox) == 1


def die(self):
    raise SystemExit


def test_digest_hour():
    morning = clock.timezone.make_aware(dt.datetime(2018, 4, 17, 7, 59))
    assert next_digest(morning).hour == 8 and next_digest(morning).day == 17
    assert next_digest(morning + dt.timedelta(minutes=1)).day == 18


def test_choice_of_news_is_kept(people):
    client = Client()
    client.force_login(people[0], backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("news-choice")).status_code == 200
    client.post(reverse("news-choice"), {"mail_choice": "daily", "language": "en"})
    people[0].refresh_from_db()
    assert (people[0].mail_choice, people[0].language) == (MailChoice.DAILY, "en")
    assert client.post(reverse("news-choice"), {"mail_choice": "x", "language": "en"}).status_code == 200


def test_one_worker_does_a_chore_at_a_time(db, monkeypatch):
    from photocampus import chores

    monkeypatch.setattr(chores, "_chores", {})
    monkeypatch.setattr(chores, "load_chores", lambda: None)
    rounds = []
    chores.chore("ring", title="Ring", every=dt.timedelta(hours=1))(lambda: rounds.append(1) or len(rounds))
    chores.chore("fails", title="Fails", every=dt.timedelta(hours=1))(lambda: 1 / 0)
    assert chores.run_due_chores() == {"ring": 1}
    assert chores.run_due_chores() == {}
    Chore.objects.filter(name="ring").update(due_at=chores.timezone.now())
    assert chores.run_due_chores() == {"ring": 2}


def test_what_was_read_meanwhile_needs_no_mail(rules, people, settings):
    settings.EMAIL_URL = "smtp://mail"
    tell_all_of(rules, people[:1])
    with clock.at(NOON):
        ring(make.make_unit())
        Notification.objects.update(read_at=clock.now())
        ring(make.make_unit())
        assert send_due_mail() == 1
        Notification.objects.update(mail_state=MailState.DUE, mail_after=clock.now(), read_at=clock.now())
        assert send_due_mail() == 0
    assert mail.outbox[0].subject == "the bell of U"
    assert set(Notification.objects.values_list("mail_state", flat=True)) == {MailState.NONE}


def test_a_mail_that_cannot_be_written_does_not_keep_the_others(rules, people, settings, caplog):
    settings.EMAIL_URL = "smtp://mail"
    rules.tell("units.unit", "bad", says="%(nothing)s", to=lambda event: [Reader(people[0].pk, "/", {})])
    tell_all_of(rules, people[1:])
    unit = make.make_unit()
    with clock.at(NOON):
        ring(unit, kind="bad")
        ring(unit)
        assert send_due_mail() == 2
    assert Notification.objects.get(user=people[0]).mail_state == MailState.DUE
    assert "could not be written" in caplog.text


def test_a_busy_database_counts_as_no_try(rules, people, monkeypatch):
    tell_all_of(rules, people)
    event = record(make.make_unit(), "rung", by=None)

    def busy(pk):
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(told, "_tell_event", busy)
        assert tell_events([event.pk]) == 0
    assert Untold.objects.get().tries == 0 and tell_waiting() == 3
