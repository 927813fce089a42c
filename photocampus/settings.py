"""The one settings module. Everything comes from the environment, see the README's table."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from photocampus.env import (
    decode_key,
    env,
    env_bool,
    env_int,
    env_list,
    kept_secret,
    new_key,
    parse_field_keys,
)

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(env("VAR") or BASE_DIR / "var").resolve()
VAR.mkdir(mode=0o750, parents=True, exist_ok=True)

DEBUG = env_bool("DEBUG", False)
SECRET_KEY = kept_secret("SECRET_KEY", VAR / "keys", new_key() + new_key())
FIELD_KEYS = parse_field_keys(kept_secret("FIELD_KEYS", VAR / "keys", f"k1:{new_key()}"))
DIGEST_KEY = decode_key("DIGEST_KEY", kept_secret("DIGEST_KEY", VAR / "keys", new_key()))
BASE_URL = env("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS") or [
    "127.0.0.1",
    "localhost",
    "[::1]",
    urlsplit(BASE_URL).hostname or "",
]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
TLS = env_bool("TLS", False)
ACCEL = env("ACCEL")
TRUSTED_PROXIES = env_list("TRUSTED_PROXIES")

INSTALLED_APPS = [
    "photocampus.apps.PhotocampusConfig",
    "units.apps.UnitsConfig",
    "students.apps.StudentsConfig",
    "sessions.apps.SessionsConfig",
    "photocampus.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "import_export",
    "django_tasks_db",
    "django_htmx",
    "csp",
    "axes",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "photocampus.middleware.RequestContextMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "photocampus.middleware.FirstRunMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "photocampus.middleware.PasswordChangeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "photocampus.urls"
WSGI_APPLICATION = "photocampus.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "photocampus.context.portal",
            ],
        },
    },
]


def databases() -> dict[str, object]:
    """SQLite below VAR, or whatever `DATABASE_URL` names."""
    config = dict(dj_database_url.parse(env("DATABASE_URL") or f"sqlite:///{VAR / 'photocampus.sqlite3'}"))
    if config["ENGINE"] == "django.db.backends.sqlite3":
        # IMMEDIATE: a transaction that will write takes the lock at its start instead of failing half-way.
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,  # far longer than the longest transaction, applying a roster of 100,000 rows
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON; "
            "PRAGMA cache_size=-32000; PRAGMA temp_store=MEMORY",
        }
        # A test database in memory could not be shared between connections, and races are tested for real.
        config["TEST"] = {"NAME": str(VAR / "test.sqlite3")}
    else:
        config["CONN_MAX_AGE"] = 60
        config["CONN_HEALTH_CHECKS"] = True
    return {"default": config}


DATABASES = databases()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "photocampus.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "start"
LOGOUT_REDIRECT_URL = "login"

# A whole campus shares one address, so neither the address nor the account alone is ever locked.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = env_int("LOGIN_ATTEMPTS", 5)
AXES_COOLOFF_TIME = 0.25
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "photocampus/locked.html"
AXES_CLIENT_IP_CALLABLE = "photocampus.middleware.client_address"
AXES_DISABLE_ACCESS_LOG = True
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "password", "new_password1", "new_password2"]
AXES_VERBOSE = False

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "photocampus" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]


def storages() -> dict[str, dict[str, object]]:
    """Pictures and other private files in a directory or, by an `s3://bucket?endpoint=…` address, an object store."""
    media = env("MEDIA") or str(VAR / "media")
    if media.startswith("s3://"):
        parts = urlsplit(media)
        options: dict[str, object] = {"bucket_name": parts.netloc, "location": parts.path.strip("/")}
        if parts.query.startswith("endpoint="):
            options["endpoint_url"] = parts.query.removeprefix("endpoint=")
        default: dict[str, object] = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    elif "://" in media:
        raise ImproperlyConfigured("PHOTOCAMPUS_MEDIA is a directory or an s3:// address")
    else:
        default = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": media}}
    static = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    return {"default": default, "staticfiles": {"BACKEND": static}}


STORAGES = storages()
FILE_UPLOAD_HANDLERS = ["photocampus.uploads.UnlinkedUploadHandler"]
FILE_UPLOAD_TEMP_DIR = VAR / "tmp"
FILE_UPLOAD_TEMP_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 500
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
# Largest upload of each kind, in bytes.
UPLOAD_LIMITS = {
    "spreadsheet": env_int("MAX_SPREADSHEET_MB", 30) * 1024 * 1024,
    "picture": env_int("MAX_PICTURE_MB", 80) * 1024 * 1024,
    "archive": env_int("MAX_ARCHIVE_MB", 16384) * 1024 * 1024,
    "attachment": env_int("MAX_ATTACHMENT_MB", 20) * 1024 * 1024,
}
# A browser sends larger pictures and archives in pieces of this size, so that a broken connection costs one piece at most.
UPLOAD_PIECE_BYTES = env_int("UPLOAD_PIECE_MB", 16) * 1024 * 1024

TASKS = {
    "default": {
        "BACKEND": "django_tasks_db.DatabaseBackend",
        "QUEUES": ["default"],
    }
}
JOB_LEASE_SECONDS = env_int("JOB_LEASE", 30)

# A YuNet model (ONNX) of the operator's own, for finding faces; empty: the cascades that OpenCV carries.
FACE_MODEL = env("FACE_MODEL")

EMAIL_URL = env("EMAIL_URL")
EMAIL_BACKEND = (
    "django.core.mail.backends.console.EmailBackend"
    if DEBUG
    else "django.core.mail.backends.dummy.EmailBackend"
)
if EMAIL_URL:
    _mail = urlsplit(EMAIL_URL)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _mail.hostname or "", _mail.port or 25
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.scheme == "smtp+tls", _mail.scheme == "smtps"
EMAIL_TIMEOUT = 20  # a mail server that does not answer must not hold the worker
DEFAULT_FROM_EMAIL = env("EMAIL_FROM") or f"photocampus@{urlsplit(BASE_URL).hostname or 'localhost'}"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "blob:", "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = TLS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = TLS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 31_536_000 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
CSRF_FAILURE_VIEW = "photocampus.views.csrf_failure"

FORM_RENDERER = "photocampus.rendering.PortalRenderer"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

IMPORT_EXPORT_USE_TRANSACTIONS = True
IMPORT_EXPORT_SKIP_ADMIN_LOG = False
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "photocampus": {"level": "INFO"},
        "django_tasks": {"level": "WARNING"},
        "axes": {"level": "ERROR"},
    },
}
SILENCED_SYSTEM_CHECKS: list[str] = []
