"""What the rush needs inside a running portal's database, done by processes of their own on its settings.

python -m tests.soak.rush_world make ATTEMPTS HOURS ROWS FILE|import FILE|apply|state
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402

from photocampus.models import Job, User  # noqa: E402
from sessions.calendar import Span, half_hours_in  # noqa: E402
from sessions.models import Booking, Hold  # noqa: E402
from students.models import Completeness, Graduate, RosterUpload, UploadState  # noqa: E402
from students.roster_uploads import ask_apply, start_upload  # noqa: E402
from tests import factories as make  # noqa: E402
from tests import rosters  # noqa: E402
from units.models import Campaign  # noqa: E402

TODAY, DAY = dt.date(2018, 4, 10), dt.date(2018, 4, 17)
SPANS = [Span(dt.time(9, 30), dt.time(12)), Span(dt.time(13), dt.time(15, 30))]  # ten half hours


def make_world(attempts: str, hours: str, rows: str, file: str) -> dict[str, Any]:
    """A studio with one bay for every ten half hours, `attempts` coordinators of one unit each, and a roster file.

    Gives for each attempt the address, the session, and the half hour that it is about: all hours equally often.
    """
    make.make_school(demo_date=TODAY)
    campaign = make.make_campaign()
    studio = make.make_studio("XGC", campaign)
    bays = [make.make_station(studio, f"A{n + 1}") for n in range(-(-int(hours) // 10))]
    starts = half_hours_in(SPANS)
    wanted = [(bay.code, start) for start in starts for bay in bays][: int(hours)]
    make.make_unit("cs", name="计算机学院")
    staff = make.make_staff(username="staff")
    Path(file).write_bytes(rosters.csv_file(rosters.people(int(rows))))
    found = []
    for number in range(int(attempts)):
        unit = make.make_unit(f"u{number:03d}")
        make.make_graduate(campaign, unit)
        code, start = wanted[number % len(wanted)]
        end = (dt.datetime.combine(DAY, start) + dt.timedelta(minutes=30)).time()
        found.append(
            {
                "path": f"/unit/{unit.code}/{campaign.code}/bookings/new/",
                "session": session_of(make.make_coordinator(unit)),
                "hour": f"{code}_{DAY}_{start:%H%M}_{end:%H%M}",
            }
        )
    return {"attempts": found, "staff": session_of(staff)}


def session_of(user: User) -> str:
    """Log in without a password: four hundred of those would only measure the hashing of passwords."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def import_file(file: str) -> dict[str, Any]:
    """Hand the roster to the worker, as the page for all units does."""
    with Path(file).open("rb") as stream:
        start_upload(
            campaign=Campaign.objects.get(), unit=None, file=stream, name="名单.csv",
            completeness=Completeness.ADDS, by=User.objects.get(username="staff"),
        )  # fmt: skip
    return state()


def apply_file() -> dict[str, Any]:
    ask_apply(upload=RosterUpload.objects.get(), by=User.objects.get(username="staff"))
    return state()


def state() -> dict[str, Any]:
    upload = RosterUpload.objects.first()
    job = Job.objects.order_by("pk").last()
    return {
        "import": upload.state if upload else "",
        "is_previewed": bool(upload and upload.state == UploadState.PREVIEWED),
        "is_applied": bool(upload and upload.state == UploadState.APPLIED),
        "job": job.state if job else "",
        "graduates": Graduate.objects.count(),
        "held": sorted(
            f"{code}_{day}_{start:%H%M}"
            for code, day, start in Hold.objects.values_list("station__code", "day", "start")
        ),
        "bookings": sorted(Booking.objects.values_list("state", flat=True)),
    }


if __name__ == "__main__":
    acts = {"make": make_world, "import": import_file, "apply": apply_file, "state": state}
    print(json.dumps(acts[sys.argv[1]](*sys.argv[2:])))
