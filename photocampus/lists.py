"""Words in a row, with the marks that the reader's language puts between them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import pgettext


def join_words(words: Iterable[Any]) -> str:
    """Short words within a sentence: `A1, A2`, 「A1、A2」."""
    return pgettext("between the parts of a list", ", ").join(str(word) for word in words)


def join_parts(parts: Iterable[Any]) -> str:
    """Sentences or longer parts one after the other: `a; b`, 「a；b」."""
    return pgettext("between sentences in a row", "; ").join(str(part) for part in parts)
