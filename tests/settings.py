"""The settings of a test run: the program's own, on a data folder that goes away with the process.

What the developer has in the environment does not reach the tests, except `PHOTOCAMPUS_TEST_DATABASE_URL`,
which names a PostgreSQL server to run on instead of SQLite.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

TEST_VAR = Path(tempfile.mkdtemp(prefix="photocampus-test-"))
atexit.register(shutil.rmtree, TEST_VAR, ignore_errors=True)
(TEST_VAR / "static").mkdir()  # WhiteNoise looks for it

KEPT = {
    "PHOTOCAMPUS_TEST_DATABASE_URL",
    "PHOTOCAMPUS_TEST_TEMPLATE",
    "PHOTOCAMPUS_REQUIRE_ALL",
    "PHOTOCAMPUS_SCREENSHOTS",
    "PHOTOCAMPUS_SOAK_SCALE",
}
for name in [name for name in os.environ if name.startswith("PHOTOCAMPUS_") and name not in KEPT]:
    del os.environ[name]
os.environ["PHOTOCAMPUS_VAR"] = str(TEST_VAR)
os.environ["PHOTOCAMPUS_BASE_URL"] = "http://testserver"
if address := os.environ.get("PHOTOCAMPUS_TEST_DATABASE_URL"):
    os.environ["PHOTOCAMPUS_DATABASE_URL"] = address

from photocampus.settings import *  # noqa: E402, F403
from photocampus.settings import DATABASES, STORAGES  # noqa: E402

# A log-in costs 10 ms instead of 250.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Without a manifest no test has to collect static files first.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
# In memory, so that tests can read what was sent.
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # The database of a test run need not survive a power cut.
    DATABASES["default"]["OPTIONS"]["init_command"] += "; PRAGMA synchronous=OFF"
