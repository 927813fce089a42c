"""Look-ups of encrypted numbers."""

from photocampus import crypto
from students import identity


def id_digest(id_type: str, number: str) -> str:
    """The digest under which a person is found; spelling (blanks, small x, renewal digits) does not matter."""
    return crypto.digest(identity.canonical(id_type, number), purpose=f"id:{id_type}")
