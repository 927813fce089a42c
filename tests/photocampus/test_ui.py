"""The pieces of the design system: forms linked to their errors, bars that add up, pills with one colour per state."""

from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template

from photocampus.templatetags.ui import page_numbers, percent, segments, tone


class SampleForm(forms.Form):
    name = forms.CharField(help_text="As on the diploma.")
    agreed = forms.BooleanField()
    note = forms.CharField(required=False)
    kind = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)


def test_form_links_help_and_error_to_the_control():
    page = str(SampleForm({}))
    assert 'aria-describedby="id_name_helptext id_name_error"' in page
    assert 'id="id_name_helptext"' in page
    assert '<ul class="field-error" id="id_name_error">' in page


def test_form_puts_a_tick_box_before_its_label_and_radios_into_a_fieldset():
    page = str(SampleForm())
    assert page.index('name="agreed"') < page.index('for="id_agreed"')
    assert "<legend>" in page
    assert 'class="field field-check"' in page


def test_form_marks_what_is_optional():
    page = str(SampleForm())
    assert page.count('class="optional"') == 1


def test_form_escapes_its_label():
    class Bad(forms.Form):
        field = forms.CharField(label="<script>")

    assert "<script>" not in str(Bad())


def test_segments_add_up_and_leave_out_the_empty():
    parts = [{"label": str(n), "count": count, "step": n} for n, count in enumerate([1, 0, 1, 1], start=1)]
    found = segments(parts)
    assert [part["step"] for part in found] == [1, 3, 4]
    assert [part["x"] for part in found] == [0, 333, 666]
    assert found[-1]["x"] + found[-1]["width"] == 1000
    assert segments([]) == []


def test_percent_is_whole_and_only_full_when_all_is_done():
    assert percent(999, 1000) == 99
    assert percent(1000, 1000) == 100
    assert percent(0, 0) == 0


def test_tone_is_one_per_state():
    assert tone("photographed") == "is-good"
    assert tone("refused") == "is-bad"
    assert tone("something else") == ""


def test_pill_escapes_its_label():
    page = Template('{% load ui %}{% pill label "refused" %}').render(Context({"label": "<b>"}))
    assert page == '<span class="pill pill-bad">&lt;b&gt;</span>'


def test_page_numbers_have_gaps():
    numbers = list(page_numbers(Paginator(range(200), 10).page(10)))
    assert numbers[0] == 1
    assert numbers[-1] == 20
    assert 10 in numbers
    assert len(numbers) < 10
