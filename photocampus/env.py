"""Typed readers of the environment that fail loudly, and the keys made on the first run."""

import base64
import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

PREFIX = "PHOTOCAMPUS_"


def env(name: str, default: str = "") -> str:
    return os.environ.get(PREFIX + name, default)


def env_bool(name: str, default: bool) -> bool:
    value = env(name, "1" if default else "0").lower()
    if value not in ("1", "0", "true", "false", "yes", "no", "on", "off"):
        raise ImproperlyConfigured(f"{PREFIX}{name} must be 1 or 0, not {value!r}")
    return value in ("1", "true", "yes", "on")


def env_int(name: str, default: int) -> int:
    value = env(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{PREFIX}{name} must be a whole number, not {value!r}") from None


def env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in env(name, default).split(",") if part.strip()]


def new_key() -> str:
    """256 random bits in base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def kept_secret(name: str, folder: Path, make: str) -> str:
    """A secret from the environment, else from a file in `folder`, made there on the first run.

    Several processes may start at once: the file is created exclusively, the loser reads the winner's.
    """
    if value := env(name):
        return value
    path = folder / name.lower()
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f".{name.lower()}.{os.getpid()}"
        draft.write_text(make, encoding="ascii")
        draft.chmod(0o600)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


def parse_field_keys(value: str) -> dict[str, bytes]:
    """`id:base64[,id:base64…]`; the first key encrypts, all of them decrypt."""
    keys = {}
    for part in value.split(","):
        key_id, _, encoded = part.strip().partition(":")
        keys[key_id] = decode_key("FIELD_KEYS", encoded)
        if not key_id.isalnum() or len(key_id) > 8:
            raise ImproperlyConfigured(f"{PREFIX}FIELD_KEYS: a key id is 1 to 8 letters or digits")
    return keys


def decode_key(name: str, encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ImproperlyConfigured(f"{PREFIX}{name}: a key is 32 bytes in base64")
    return key
