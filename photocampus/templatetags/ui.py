"""Template tags of the design system: icons, pills, pages, bars. They show; they never query."""

from collections.abc import Iterable
from typing import Any

from django import forms, template
from django.core.paginator import Page
from django.forms import BoundField
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from photocampus.lists import join_parts, join_words

register = template.Library()
register.filter(join_words)
register.filter(join_parts)

# Which colour a stored state wears. One table, so that "refused" never looks good on one page and bad on another.
TONES_BY_WORDS = {
    "good": """active confirmed acknowledged signed_off checked photographed checked_in accepted verified passed
        received collected handed_over paid taken settled closed done complete completed succeeded finished frozen
        applied published reported current filed yes answered""",
    "wait": """asked requested offered proposed pending waiting queued draft expected prepared undecided uncertain deferred
        flagged open raised partial due unmatched tray uploaded submitted ready new look packed building""",
    "bad": """declined refused returned reopened rejected failed abnormal absent missing error lost expired overdue unreadable
        image_refused incomplete no refuse""",
    "info": "sent running owned started in_progress in_work under_way changed batched delivered previewed",
    "off": """cancelled voided withdrawn undone ended left transferred inactive superseded exempt unchanged archived
        discarded not_taken waived lapsed refunded known note none""",
}
TONES: dict[str, str] = {word: tone for tone, words in TONES_BY_WORDS.items() for word in words.split()}


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """One symbol of static/img/icons.svg, hidden from screen readers: the text beside it carries the meaning."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        css,
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def pill(label: object, state: object = "", tone: str = "") -> SafeString:
    """A state in its colour: `{% pill booking.get_state_display booking.state %}` or with tone="good|wait|bad|info|off"."""
    shown = tone or TONES.get(str(state), "")
    return format_html('<span class="pill{}">{}</span>', f" pill-{shown}" if shown else "", label)


@register.filter
def tone(state: object) -> str:
    """`is-good`, `is-wait`, `is-bad`, `is-off` for rows, picture tiles and timeline entries."""
    found = TONES.get(str(state), "")
    return f"is-{found}" if found else ""


@register.filter
def percent(part: int | None, whole: int | None) -> int:
    """Whole percent, 0 for an empty whole; 100 only when nothing is left."""
    return int((part or 0) * 100 // whole) if whole else 0


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """`mapping[key]` or nothing."""
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """A single tick box stands before its label."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def page_numbers(page: Page) -> Iterable[int | str]:
    """Numbers of the pager with gaps."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)


@register.filter
def segments(parts: Iterable[Any]) -> list[dict[str, Any]]:
    """(label, count, step) rows → segments of a stacked bar 1000 wide; empty ones are left out, nothing overlaps."""
    rows = [(part["label"], part["count"], part["step"]) for part in parts]
    total = sum(count for _, count, _ in rows)
    out: list[dict[str, Any]] = []
    before = 0
    for label, count, step in rows:
        if count:
            x, end = before * 1000 // total, (before + count) * 1000 // total
            out.append({"label": label, "count": count, "step": step, "x": x, "width": max(end - x, 1)})
        before += count
    return out


@register.filter
def telephone(value: Any) -> str:
    """A contact person's telephone in full: it is there to be called by the other side. Never for students."""
    return value.reveal() if hasattr(value, "reveal") else str(value or "")
