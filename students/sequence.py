"""Which frame of a card belongs to which shot number: by order and capture time alone. Pure; nothing of a picture is read.

A camera's frames and a station's numbers are two lists in time. Frames may be missing (dropped), there may be two of one
person (doubled) or one of nobody, and the camera's clock is off by an unknown time, which may change when somebody sets
it anew or takes another camera. All of that is one hidden Markov model: the hidden state is the number reached so far and
the clock error; a frame stays at the number, moves to the next or jumps over some. Summing over every possible alignment
and every plausible clock error gives for each frame the probability of each number. A frame is *sure* only where all other
explanations together are hopeless; everything else is for people to look at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Array = np.ndarray

# Before anything is known: how often a frame is missing, doubled, or of nobody.
DROPPED, DOUBLED, STRAY = 0.02, 0.02, 0.002
RESET = 5e-3  # how often the clock error changes from one frame to the next
MOST_COUNTED = 6  # missing frames in a row beyond these cost no more: a card may hold any part of a day
SURE = 1 - 1e-4
FLAT = 1 / 3600.0  # per second: density of a time that says nothing
OUTLIERS = 0.01  # clicks that came much too early or late, spread ten times as far
FIRST_SPREAD = 6.0  # seconds between the console's click and the shutter, until measured
SPREADS = (2.0, 60.0)
COARSE = (
    0.35  # times spread by more than this part of the usual interval tell neighbours apart only by chance
)
OFFSET_BIN = 2.0
MOST_OFFSETS = 10
PARTS, MOST_IN_PART = 8, 2  # of each eighth of a card, its own likeliest clock errors
NEAR_OFFSETS = np.arange(
    -120.0, 121.0, 4.0
)  # seconds beside the likeliest error: a clock set right by a little
LEAST_SURE = 0.5  # where less than this part of a card is sure, its numbers are other ones, and nothing is
CARD = 1e-4  # how credible it is that a number card stands where no class begins
HOPELESS = 1e-7  # a clock error to which no frame gives more is not looked at again
TINY = 1e-300


@dataclass(frozen=True)
class Frame:
    """One file in natural order. `taken` in seconds by the camera's clock, None without one; `card` names the class."""

    taken: float | None
    card: str = ""


@dataclass(frozen=True)
class Slot:
    """One shot number in order. `at` in seconds by the portal's clock; `group` is the person's class."""

    at: float | None
    group: str = ""


@dataclass(frozen=True)
class Place:
    """Where a frame belongs: the index of its slot, None for a card or a frame of nobody, and why it is in doubt.

    Doubts: `unsure` (other explanations are possible), `order` (file order and capture time contradict each other),
    `double` (another frame belongs to the same number), `nobody` (no number fits).
    """

    slot: int | None
    probability: float = 1.0
    doubts: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        return not {"unsure", "order", "nobody"} & set(self.doubts)


@dataclass(frozen=True)
class Alignment:
    """`places` as the frames were given; `missing` are slots without a frame; `offset` is camera minus portal, seconds."""

    places: tuple[Place, ...]
    missing: tuple[int, ...]
    offset: float | None

    @property
    def first_doubt(self) -> int | None:
        """The first frame that somebody has to look at: index in file order."""
        return next((index for index, place in enumerate(self.places) if place.doubts), None)

    @property
    def is_sure(self) -> bool:
        return all(place.is_sure for place in self.places)


def align(
    frames: Sequence[Frame], slots: Sequence[Slot], pins: Mapping[int, int | None] | None = None
) -> Alignment:
    """Align frames with slots. `pins` fixes frames by hand: index of the frame to index of the slot, or None for nobody.

    A pinned frame is sure by definition, and all others are judged given the pins.
    """
    pins = dict(pins or {})
    order, out_of_order = _in_time(frames)
    pictures = [index for index in order if not frames[index].card]
    places = [Place(None) for _frame in frames]
    if pictures and slots:
        model = _Model(frames, slots, order, pins)
        best, sure, offset = model.solve()
        for row, index in enumerate(pictures):
            places[index] = _place(int(best[row]), float(sure[row]), index in pins, index in out_of_order)
    else:
        offset = None
        for index in pictures:
            places[index] = Place(None, 0.0, ("nobody",))
    _mark_doubles(places, pins)
    taken = {place.slot for place in places}
    missing = tuple(index for index in range(len(slots)) if index not in taken)
    return Alignment(tuple(places), missing, offset)


def _place(slot: int, probability: float, is_pinned: bool, is_out_of_order: bool) -> Place:
    where = None if slot < 0 else slot
    if is_pinned:
        return Place(where)
    doubts = [
        name
        for name, applies in (
            ("order", is_out_of_order),
            ("unsure", probability < SURE),
            ("nobody", where is None),
        )
        if applies
    ]
    return Place(where, probability, tuple(doubts))


def _mark_doubles(places: list[Place], pins: Mapping[int, int | None]) -> None:
    seen: dict[int, list[int]] = {}
    for index, place in enumerate(places):
        if place.slot is not None:
            seen.setdefault(place.slot, []).append(index)
    for indices in seen.values():
        if len(indices) > 1:
            for index in indices:
                old = places[index]
                places[index] = Place(old.slot, old.probability, (*old.doubts, "double"))


def _in_time(frames: Sequence[Frame]) -> tuple[list[int], set[int]]:
    """The frames by capture time, those without one after their neighbour in file order, and those out of place.

    A file counter that began anew (…9999, 0001) turns the whole list round and is no contradiction.
    """
    known = float("-inf")
    keys: list[float] = []
    for frame in frames:
        known = frame.taken if frame.taken is not None else known
        keys.append(known)
    order = sorted(range(len(frames)), key=lambda index: (keys[index], index))
    if not order:
        return order, set()
    turn = order[0]
    turned = [*range(turn, len(frames)), *range(turn)]
    if order == turned:
        return order, set()
    return order, {index for position, index in enumerate(order) if position != index}


class _Model:
    """Forward and backward over all alignments at once, for several clock errors side by side (first axis)."""

    def __init__(
        self, frames: Sequence[Frame], slots: Sequence[Slot], order: list[int], pins: Mapping[int, int | None]
    ) -> None:
        self.slots = slots
        self.pictures = [index for index in order if not frames[index].card]
        self.taken = np.array([_or_nan(frames[index].taken) for index in self.pictures])
        self.at = np.array([_or_nan(slot.at) for slot in slots])
        self.pins = [(index in pins, pins.get(index)) for index in self.pictures]
        self.cards = self._cards(frames, order)
        count = len(slots)
        self.end = DROPPED ** np.minimum(np.arange(count, -1, -1), MOST_COUNTED)

    def _cards(self, frames: Sequence[Frame], order: list[int]) -> dict[int, str]:
        """Before which picture (in time) a card was taken, and whose."""
        cards: dict[int, str] = {}
        position = 0
        for index in order:
            if frames[index].card:
                cards[position] = frames[index].card
            else:
                position += 1
        return cards

    def solve(self) -> tuple[Array, Array, float | None]:
        """For each picture in time: the likeliest slot (-1: nobody) and its probability; and the clock error."""
        offsets = self._offsets()
        posterior = self._posterior(offsets, FIRST_SPREAD)
        spread = self._spread(posterior, offsets)
        if spread is not None:
            kept = _plausible(posterior, offsets)
            offsets, posterior = offsets[kept], self._posterior(offsets[kept], spread)
        mixed = posterior.sum(axis=0)
        best = np.argmax(mixed, axis=1)
        probability = mixed[np.arange(len(best)), best]
        if spread is None or spread > COARSE * self._interval() or np.mean(probability >= SURE) < LEAST_SURE:
            probability = probability * (1 - 2 * (1 - SURE))  # nothing can be sure
        likeliest = int(np.argmax(np.where(np.isfinite(offsets), posterior.sum(axis=(1, 2)), -1)))
        offset = float(offsets[likeliest]) if np.isfinite(self._lags()).any() else None
        return best - 1, probability, offset

    def _lags(self) -> Array:
        return self.taken[:, None] - self.at[None, :]

    def _offsets(self) -> Array:
        """Clock errors under which many frames fall on some number: of the whole card, of its parts, and beside them.

        The last stands for every other one (NaN): under it times say nothing.
        """
        lags = self._lags()
        found = _peaks(lags, MOST_OFFSETS)
        if not found:
            return np.zeros(1)
        wanted = [*found, *(found[0] + NEAR_OFFSETS)]
        for part in np.array_split(lags, PARTS):
            wanted += _peaks(part, MOST_IN_PART)
        kept: list[float] = []
        for offset in wanted:
            if all(abs(offset - other) > 1.5 * OFFSET_BIN for other in kept):
                kept.append(offset)
        return np.array([*kept, np.nan])

    def _density(self, offsets: Array, spread: float) -> Array:
        """(offset, picture, slot): how well the times agree; a normal error, and a few far off."""
        off = np.abs(self._lags()[None] - offsets[:, None, None]) / spread
        near = (1 - OUTLIERS) / np.sqrt(2 * np.pi) * np.exp(-(np.minimum(off, 30) ** 2) / 2)
        far = OUTLIERS / 20 * np.exp(-np.minimum(off, 300) / 10)
        density = (near + far) / spread
        return np.where(np.isfinite(off), density, FLAT)

    def _posterior(self, offsets: Array, spread: float) -> Array:
        """(offset, picture, 1 + slot) probabilities that sum to one for each picture; column 0 for nobody."""
        density = self._density(offsets, spread)
        rows, count = density.shape[1], density.shape[2] + 1
        emit = np.concatenate([np.zeros((len(offsets), rows, 1)), density], axis=2)
        stray = np.full(rows, STRAY * FLAT)
        for row, (is_pinned, slot) in enumerate(self.pins):
            if is_pinned:
                kept = np.zeros(count)
                if slot is not None:
                    kept[slot + 1] = 1.0
                emit[:, row] = kept
                stray[row] = STRAY * FLAT if slot is None else 0.0
        forward = np.zeros((len(offsets), rows + 1, count))
        met = np.zeros_like(emit)
        forward[:, 0, 0] = 1 / len(offsets)
        for row in range(rows):
            before = _reset(forward[:, row]) * self._before(row)
            here = (_jump(before) * self._after(row) + DOUBLED * before) * emit[:, row]
            after = here + stray[row] * before
            forward[:, row + 1], met[:, row] = after / (after.sum() + TINY), here
        return self._backward(forward, met, emit, stray)

    def _backward(self, forward: Array, met: Array, emit: Array, stray: Array) -> Array:
        """`met`: how likely the picture is met at each number, by what came before it. It becomes the posterior."""
        offsets, rows, _count = met.shape
        behind = np.tile(self.end, (offsets, 1))
        for row in range(rows - 1, -1, -1):
            here = met[:, row]
            here *= behind
            before = _reset(forward[:, row]) * self._before(row)
            here[:, 0] = (stray[row] * before * behind).sum(axis=1)
            here /= here.sum() + TINY
            seen = emit[:, row] * behind
            left = _jump((seen * self._after(row))[:, ::-1])[:, ::-1]
            behind = (left + DOUBLED * seen + stray[row] * behind) * self._before(row)
            behind = _reset(behind)
            behind /= behind.max() + TINY
        return met

    def _before(self, row: int) -> Array | float:
        """After a class's card the last number reached does not belong to it."""
        group = self.cards.get(row)
        if group is None:
            return 1.0
        return np.array([1.0, *(CARD if slot.group == group else 1.0 for slot in self.slots)])

    def _after(self, row: int) -> Array | float:
        """The number that follows a class's card belongs to it."""
        group = self.cards.get(row)
        if group is None:
            return 1.0
        return np.array([1.0, *(1.0 if slot.group == group else CARD for slot in self.slots)])

    def _interval(self) -> float:
        known = np.sort(self.at[np.isfinite(self.at)])
        return float(np.median(np.diff(known))) if known.size > 1 else 0.0

    def _spread(self, posterior: Array, offsets: Array) -> float | None:
        """How far frames lie from their numbers under the likeliest clock error of each, in seconds; robust."""
        lags = self._lags()
        rows = np.arange(len(lags))
        best = np.argmax(posterior.sum(axis=0), axis=1)
        error = offsets[np.argmax(posterior[:, rows, best], axis=0)]
        rows = rows[best > 0]
        off = lags[rows, best[rows] - 1] - error[rows]
        off = off[np.isfinite(off)]
        if off.size < 4:
            return None
        # 30 % more than measured: the best alignment flatters itself.
        return float(np.clip(1.3 * 1.4826 * np.median(np.abs(off - np.median(off))), *SPREADS))


def _jump(state: Array) -> Array:
    """From the number reached to a later one, over none, some or many without a frame. Along the last axis."""
    count = state.shape[1]
    two = state.copy()
    two[:, 1:] += DROPPED * state[:, :-1]
    six = two.copy()  # gaps of 0 to 5, MOST_COUNTED of them
    six[:, 2:] += DROPPED**2 * two[:, :-2]
    six[:, 4:] += DROPPED**4 * two[:, :-4]
    moved = np.zeros_like(state)
    moved[:, 1:] = six[:, :-1]
    if count > MOST_COUNTED + 1:
        far = np.cumsum(state[:, : count - MOST_COUNTED - 1], axis=1)
        far *= DROPPED**MOST_COUNTED
        moved[:, MOST_COUNTED + 1 :] += far
    moved *= (1 - DROPPED) * (1 - DOUBLED - STRAY)
    return moved


def _reset(state: Array) -> Array:
    """From one frame to the next the clock error stays, or becomes any of the others."""
    return (1 - RESET) * state + RESET / len(state) * state.sum(axis=0)


def _plausible(posterior: Array, offsets: Array) -> Array:
    """Which clock errors any frame gives a chance at all; the last, under which times say nothing, always stays."""
    return (posterior.sum(axis=2).max(axis=1) > HOPELESS) | np.isnan(offsets)


def _peaks(lags: Array, most: int) -> list[float]:
    """The clock errors that most pairs of a frame and a number share, apart from one another; seconds."""
    lags = lags[np.isfinite(lags)]
    if not lags.size:
        return []
    bins = np.round(lags / OFFSET_BIN).astype(np.int64)
    low = int(bins.min())
    counts = np.bincount(bins - low) if bins.max() - low < 10_000_000 else np.zeros(1)
    if counts.size == 1:
        return [float(np.median(lags))]
    smooth = np.convolve(counts, (0.5, 1.0, 1.0, 1.0, 0.5), mode="same")
    found: list[float] = []
    for place in np.argsort(-smooth, kind="stable")[: 40 * most]:
        offset = float((place + low) * OFFSET_BIN)
        if all(abs(offset - other) > 1.5 * OFFSET_BIN for other in found):
            found.append(offset)
        if len(found) == most:
            break
    return found


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
