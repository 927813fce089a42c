"""Frames against shot numbers by order and time: right, or not sure, on 500 random days; and what each fault looks like."""

from __future__ import annotations

import random

import pytest

from students.natural import natural_key
from students.sequence import Frame, Slot, align
from tests.students.shoot_simulator import part_of, simulate_day, with_clock_reset

# Irregular intervals, as people are: seconds after the first.
MOMENTS = [0, 25, 61, 80, 118, 139, 181, 204, 250, 271, 318, 340]
SLOTS = [Slot(at=1000.0 + moment, group="a" if index < 6 else "b") for index, moment in enumerate(MOMENTS)]


def frames_of(indices, error=-3600.0):
    return [Frame(1000.0 + MOMENTS[index] + error - 5 + (index % 3)) for index in indices]


def slots_of(found):
    return [place.slot for place in found.places]


@pytest.mark.parametrize("first", range(0, 500, 125))
def test_500_random_days_are_right_or_not_sure(first):
    sure = frames = 0
    for seed in range(first, first + 125):
        day = simulate_day(seed)
        found = align(day.frames, day.slots)
        for place, truth in zip(found.places, day.truth, strict=True):
            assert not place.is_sure or place.slot == truth, seed
        sure += sum(place.is_sure for place in found.places)
        frames += len(day.frames)
    assert sure / frames > 0.8  # saying "not sure" of everything would be no help


def test_days_without_faults_are_sure_of_nearly_every_frame():
    places = []
    for seed in range(40):
        day = simulate_day(seed, faults=False)
        found = align(day.frames, day.slots)
        assert all(not p.is_sure or p.slot == truth for p, truth in zip(found.places, day.truth, strict=True))
        places += found.places
    assert sum(place.is_sure for place in places) / len(places) > 0.98


def sure_and_right(day):
    """How many frames are sure; none of them may be wrong."""
    found = align(day.frames, day.slots)
    pairs = list(zip(found.places, day.truth, strict=True))
    assert all(not place.is_sure or place.slot == truth for place, truth in pairs)
    return sum(place.is_sure for place, _truth in pairs)


@pytest.mark.parametrize("seconds", [-60, -25, 40, 300])
def test_clock_set_anew_in_mid_card_makes_nothing_wrong_sure(seconds):
    sure = frames = 0
    for seed in range(12):
        day = simulate_day(seed, faults=False)
        at = random.Random(seed).randrange(1, len(day.frames))
        sure += sure_and_right(with_clock_reset(day, at, seconds))
        frames += len(day.frames)
    assert sure / frames > 0.75  # both parts of a card are known by their own clock error


@pytest.mark.parametrize(("people", "start", "end"), [(300, 0, 80), (300, 220, 300), (300, 110, 190)])
def test_card_with_a_part_of_a_long_day_is_aligned(people, start, end):
    day = part_of(simulate_day(1, people=people, faults=False), start, end)
    assert sure_and_right(day) > 0.9 * (end - start)


def test_numbers_of_another_day_make_nobody_sure():
    for seed in range(12):
        frames, slots = simulate_day(seed, faults=False).frames, simulate_day(seed + 1000).slots
        assert not any(place.is_sure for place in align(frames, slots).places)


def test_clock_error_of_any_size_is_found():
    for error in (0.0, -28_800.0, 86_400.0 * 365):
        found = align(frames_of(range(12), error), SLOTS)
        assert slots_of(found) == list(range(12)) and found.is_sure and found.first_doubt is None
        assert found.offset is not None and abs(found.offset - error) < 8


def test_skipped_frame_shifts_nobody_and_its_number_is_named():
    found = align(frames_of([0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11]), SLOTS)
    assert slots_of(found) == [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11] and found.missing == (3,)
    # Beside the gap another explanation is left; away from it there is none.
    assert all(place.is_sure for place in (*found.places[:2], *found.places[6:]))


def test_doubled_frame_is_shown_and_shifts_nobody():
    frames = frames_of(range(12))
    frames.insert(5, Frame(frames[4].taken + 4))
    found = align(frames, SLOTS)
    assert slots_of(found) == [0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 10, 11]
    assert found.first_doubt == 4 and "double" in found.places[5].doubts


def test_exchanged_frames_are_never_sure():
    frames = frames_of(range(12))
    frames[3], frames[5] = frames[5], frames[3]
    found = align(frames, SLOTS)
    assert [index for index, place in enumerate(found.places) if "order" in place.doubts] == [3, 5]
    assert found.first_doubt == 3 and not found.places[3].is_sure and found.places[4].is_sure


def test_file_counter_that_began_anew_is_no_contradiction():
    frames = frames_of(range(12))
    found = align(frames[7:] + frames[:7], SLOTS)
    assert slots_of(found) == [*range(7, 12), *range(7)] and found.is_sure


def test_without_times_only_a_card_or_a_person_can_say():
    blind = [Frame(None) for _moment in MOMENTS]
    found = align(blind, SLOTS)
    assert not any(place.is_sure for place in found.places) and found.offset is None
    pinned = align(blind, SLOTS, {index: index for index in range(12)})
    assert pinned.is_sure and slots_of(pinned) == list(range(12))


def test_numbers_issued_all_at_once_make_nobody_sure():
    found = align(frames_of(range(12)), [Slot(1000.0) for _moment in MOMENTS])
    assert not any(place.is_sure for place in found.places)


def test_number_card_moves_what_time_alone_would_place_elsewhere():
    """Without times, the card of class b says where its six begin although one of class a is missing."""
    frames = [Frame(None) for _ in range(5)] + [Frame(None, card="b")] + [Frame(None) for _ in range(6)]
    found = align(frames, SLOTS)
    assert slots_of(found)[5] is None and slots_of(found)[6:] == list(range(6, 12))
    assert found.places[5].doubts == ()


def test_a_frame_fixed_by_hand_moves_the_others():
    blind = [Frame(None) for _ in range(11)]
    found = align(blind, SLOTS, {3: 4})
    assert slots_of(found)[3:] == list(range(4, 12)) and found.places[3].is_sure
    nobody = align(frames_of(range(12)), SLOTS, {2: None})
    assert nobody.places[2].slot is None and nobody.places[2].is_sure and 2 in nobody.missing


def test_frame_that_no_number_explains_is_nobodys():
    frames = frames_of(range(12))
    frames.append(Frame(frames[-1].taken + 4000))
    place = align(frames, SLOTS).places[-1]
    assert not place.is_sure


@pytest.mark.parametrize(("frames", "slots"), [([], SLOTS), (frames_of(range(3)), []), ([], [])])
def test_nothing_to_align_is_no_error(frames, slots):
    found = align(frames, slots)
    assert len(found.places) == len(frames) and len(found.missing) == len(slots)
    assert not any(place.is_sure for place in found.places)


def test_cards_of_a_simulated_day_are_nobodys_picture():
    day = simulate_day(7, people=60, cards=True, faults=False)
    found = align(day.frames, day.slots)
    assert slots_of(found) == day.truth
    assert all(place.doubts == () for place, f in zip(found.places, day.frames, strict=True) if f.card)


def test_natural_order_counts_as_people_do():
    names = ["b/IMG_10.jpg", "a/img_2.JPG", "a/IMG_010.jpg", "a/IMG_9.jpg", "A/img_2.jpg"]
    assert sorted(names, key=natural_key) == [
        "A/img_2.jpg",
        "a/img_2.JPG",
        "a/IMG_9.jpg",
        "a/IMG_010.jpg",
        "b/IMG_10.jpg",
    ]
