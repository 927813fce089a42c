"""What all tests share: which database and browser this run has, and what becomes of tests that need more."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations
from django.utils import translation

from photocampus import clock
from photocampus.triggers import APPEND_ONLY_TABLES, append_only_sql, drop_append_only_sql
from tests.machine import chromium_path, is_everything_required
from tests.template_database import copy_postgres_template, copy_template_to

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# How a test says that it reaches the database: by its marks, or by what it asks for.
DATABASE_MARKS = {"django_db", "portal"}
DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "django_db_setup"}
ALIKE = re.compile(
    r"_(pages|walk|links|admin|demo|odd|near|pictures|sheet|uploads|tray|taking|measures|plans?|plan_\w+|check|told)"
    r"|_(ingest|rederive|order_of_frames|graduate_page|ingest_kill|rederive_kill|batch_kill)$"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database-only", action="store_true", help="leave out tests that never reach the database"
    )
    parser.addoption("--short", action="store_true", help="leave out most of what every database does alike")


def runs_on_postgres() -> bool:
    return settings.DATABASES["default"]["ENGINE"].endswith("postgresql")


def pytest_report_header() -> str:
    database = "PostgreSQL" if runs_on_postgres() else "SQLite"
    return f"photocampus: database {database}, browser {chromium_path() or 'none'}"


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Bytes are named by their argument: archives made at collection differ from process to process."""
    return argname if isinstance(val, bytes) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what belongs to the other database's run; skip or fail what needs a browser that is not there."""
    here = [item for item in items if runs_on_postgres() or not item.get_closest_marker("postgres")]
    if config.getoption("--database-only"):
        here = [item for item in here if reaches_database(item)]
    if config.getoption("--short"):
        here = [item for item in here if not is_alike_everywhere(item)]
    if len(here) < len(items):
        left_out = [item for item in items if item not in set(here)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = here
    for item in items:
        if item.get_closest_marker("browser"):
            # One process for how pages look, one for what they do; a portal of its own mostly waits.
            marks = {mark.name for mark in item.iter_markers()}
            group = next((name for name in ("looks", "portal") if name in marks), "browser")
            item.add_marker(pytest.mark.xdist_group(group))
            if chromium_path() is None and not is_everything_required():
                item.add_marker(
                    pytest.mark.skip(reason="no Chromium; apt-get install chromium fonts-noto-cjk")
                )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything is required, a test that skips itself has failed."""
    report = yield
    if report.skipped and is_everything_required() and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"skipped, but everything is required: {report.longrepr}"
    return report


def pytest_collection_finish() -> None:
    """What is imported by now stays to the end: the collector need not go through all of it again and again."""
    gc.collect()
    gc.freeze()


def reaches_database(item: pytest.Item) -> bool:
    marks = {mark.name for mark in item.iter_markers()}
    return bool(marks & DATABASE_MARKS or DATABASE_FIXTURES.intersection(getattr(item, "fixturenames", ())))


def is_alike_everywhere(item: pytest.Item) -> bool:
    """Pages, pixels and plans, and of jobs that die half-way all but one. What locks, races or is counted differs, and stays."""
    return "client" in getattr(item, "fixturenames", ()) or bool(ALIKE.search(item.path.stem))


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings) -> bool:
    """Each process starts from a copy of a migrated database; on a PostgreSQL server that stays, it migrates its own."""
    if runs_on_postgres():
        if template := os.environ.get("PHOTOCAMPUS_TEST_TEMPLATE"):
            name = connection.creation._get_test_db_name()
            copy_postgres_template(os.environ["PHOTOCAMPUS_TEST_DATABASE_URL"], template, name)
        return bool(template)
    copy_template_to(Path(settings.DATABASES["default"]["TEST"]["NAME"]))
    return True


@pytest.fixture(autouse=True)
def clean_state() -> Iterator[None]:
    """The language, the cache and the demonstration's date of one test do not reach the next."""
    clock.forget()
    with translation.override(settings.LANGUAGE_CODE):
        yield
    clock.forget()
    cache.clear()


@pytest.fixture(autouse=True, scope="session")
def flush_past_guards() -> Iterator[None]:
    """Tests with real transactions empty all tables afterwards; only they may pass the append-only guards."""
    original = BaseDatabaseOperations.execute_sql_flush

    def flush(operations: BaseDatabaseOperations, statements: list[str]) -> None:
        connection = operations.connection
        with connection.cursor() as cursor:
            for table in APPEND_ONLY_TABLES:
                for statement in drop_append_only_sql(connection.vendor, table):
                    cursor.execute(statement)
        original(operations, statements)
        with connection.cursor() as cursor:
            for table in APPEND_ONLY_TABLES:
                for statement in append_only_sql(connection.vendor, table):
                    cursor.execute(statement)

    BaseDatabaseOperations.execute_sql_flush = flush
    yield
    BaseDatabaseOperations.execute_sql_flush = original


@pytest.fixture(autouse=True)
def own_media(tmp_path_factory: pytest.TempPathFactory, settings) -> None:
    """Each test stores its files in a folder of its own."""
    folder = tmp_path_factory.mktemp("media")
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": str(folder)}},
    }


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of this machine, driven by Playwright; nothing is downloaded."""
    from playwright.sync_api import sync_playwright

    path = chromium_path()
    if path is None:
        pytest.fail("no Chromium on this machine: apt-get install chromium fonts-noto-cjk")
    # Playwright keeps an event loop in this thread, which Django would take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def browser_context(browser: Browser, live_server) -> Iterator[BrowserContext]:
    """A browser without history at 1440 pixels; pages are given as paths of the live server."""
    context = browser.new_context(
        base_url=live_server.url,
        viewport={"width": 1440, "height": 900},
        locale="zh-CN",
        accept_downloads=True,
    )
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def page(browser_context: BrowserContext) -> Page:
    return browser_context.new_page()
