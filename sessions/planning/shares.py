"""Who comes where among hours that are given: people as a flow from classes through hours and station-days.

A class may use the hours of its pattern; how many of it come in each of them is settled here, and settled anew
whenever another class is confined to fewer hours.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

Change = tuple[int, int, int, int]  # class, hour it leaves, hour it enters, people; -1 for no hour


class Shares:
    """The people of some classes in hours, within places left per hour and per station-day.

    `owner[hour]` is the hour's station-day. Every change is written down, so that it can be taken back.
    """

    def __init__(self, left: dict[int, int], owner: Sequence[int], day_left: dict[int, int]) -> None:
        self.left, self.owner, self.day_left = left, owner, day_left
        self.hours: dict[int, Sequence[int]] = {}  # the hours each class may use
        self.use: dict[int, dict[int, int]] = {}  # class: hour: people
        self.at: dict[int, dict[int, int]] = {hour: {} for hour in left}  # the same by hour
        self.of_owner: dict[int, list[int]] = {}
        for hour in left:
            self.of_owner.setdefault(owner[hour], []).append(hour)
        self.log: list[Change] = []

    def put(self, group: int, parts: Iterable[tuple[int, int]], hours: Sequence[int]) -> None:
        """Place a class as given, without a check."""
        self.hours[group], self.use[group] = hours, {}
        for hour, people in parts:
            self._move(group, -1, hour, people)

    def confine(self, group: int, hours: Sequence[int], mask: int) -> bool:
        """The class may use these hours only (`mask`: the same as bits); False if not everybody fits any more."""
        self.hours[group] = hours
        out = [(hour, people) for hour, people in self.use[group].items() if not mask >> hour & 1]
        missing = 0
        for hour, people in out:
            self._move(group, hour, -1, people)
            missing += people
        return self.add(group, missing)

    def add(self, group: int, people: int) -> bool:
        """Place so many more of the class; False if not all of them fit."""
        while people:
            placed = self._augment(group, people)
            if not placed:
                return False
            people -= placed
        return True

    def take_back(self, length: int) -> None:
        """Undo every change after the first `length` ones."""
        log = self.log
        while len(log) > length:
            group, old, new, people = log.pop()
            self._move(group, new, old, people)
            log.pop()

    def _move(self, group: int, old: int, new: int, people: int) -> None:
        use = self.use[group]
        if old >= 0:
            rest = use[old] - people
            if rest:
                use[old] = self.at[old][group] = rest
            else:
                del use[old], self.at[old][group]
            self.left[old] += people
            self.day_left[self.owner[old]] += people
        if new >= 0:
            use[new] = self.at[new][group] = use.get(new, 0) + people
            self.left[new] -= people
            self.day_left[self.owner[new]] -= people
        self.log.append((group, old, new, people))

    def _augment(self, group: int, people: int) -> int:
        """Place some of the class, moving others on where it must: breadth first over classes and hours."""
        left, owner, day_left, at = self.left, self.owner, self.day_left, self.at
        entered: dict[int, int] = {}  # hour: class that would enter it
        pushed: dict[int, tuple[int, int]] = {group: (-1, -1)}  # class: (hour it leaves, hour that pushes it)
        full: set[int] = set()
        queue = deque([group])
        while queue:
            mover = queue.popleft()
            for hour in self.hours[mover]:
                if hour in entered:
                    continue
                entered[hour] = mover
                leaving: Iterable[int]
                if left[hour]:
                    day = owner[hour]
                    if day_left[day]:
                        return self._along(group, hour, entered, pushed, people)
                    if day in full:
                        continue
                    full.add(day)
                    leaving = self.of_owner[day]
                else:
                    leaving = (hour,)
                for other in leaving:
                    for member in at[other]:
                        if member not in pushed:
                            pushed[member] = (other, hour)
                            queue.append(member)
        return 0

    def _along(
        self,
        group: int,
        end: int,
        entered: dict[int, int],
        pushed: dict[int, tuple[int, int]],
        people: int,
    ) -> int:
        steps, hour = [], end
        most = min(people, self.left[end], self.day_left[self.owner[end]])
        while True:
            mover = entered[hour]
            leaves, by = pushed[mover]
            steps.append((mover, leaves, hour))
            if mover == group:
                break
            most = min(most, self.use[mover][leaves])
            if leaves != by:
                most = min(most, self.left[by])
            hour = by
        for mover, leaves, enters in steps:
            self._move(mover, leaves, enters, most)
        return most
