"""Template filters of the picture pages."""

import re

from django import template

from photocampus.crypto import mask
from photocampus.fields import Secret

register = template.Library()

# ID numbers, travel permits and mobile numbers inside a file's name; student numbers stay readable.
NUMBERS = re.compile(
    r"[0-9]{15,}[0-9Xx]?|(?<![0-9A-Za-z])[HM][0-9]{8,10}(?![0-9A-Za-z])|(?<![0-9])1[3-9][0-9]{9}(?![0-9])"
)


@register.filter
def masked_name(name: Secret | str | None) -> str:
    """A file's name as it may be shown: with the numbers of people masked, and nothing that turns or hides text."""
    plain = name.reveal() if isinstance(name, Secret) else str(name or "")
    plain = "".join(char for char in plain if char.isprintable())
    return NUMBERS.sub(lambda found: mask(found.group()), plain)
