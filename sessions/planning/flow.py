"""Who can be placed at all: a maximum flow from classes through hours and station-days.

Classes that can come at the same times are one node, and so are hours open to the same classes, which keeps the
network small however many people there are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NO_LIMIT = 1 << 60


@dataclass
class Room:
    """One hour in the search: its station-day, and how many people still fit."""

    index: int
    station_day: int
    free: int


class Network:
    """Dinic's algorithm on small integer networks."""

    def __init__(self, nodes: int) -> None:
        self.edges: list[list[int]] = [[] for _ in range(nodes)]
        self.to: list[int] = []
        self.left: list[int] = []

    def join(self, start: int, end: int, limit: int) -> int:
        for a, b, room in ((start, end, limit), (end, start, 0)):
            self.edges[a].append(len(self.to))
            self.to.append(b)
            self.left.append(room)
        return len(self.to) - 2

    def run(self, source: int, sink: int) -> int:
        total = 0
        while (level := self._levels(source, sink)) is not None:
            at = [0] * len(self.edges)
            while pushed := self._push(source, sink, NO_LIMIT, level, at):
                total += pushed
        return total

    def _levels(self, source: int, sink: int) -> list[int] | None:
        level = [-1] * len(self.edges)
        level[source] = 0
        queue = deque([source])
        while queue:
            node = queue.popleft()
            for edge in self.edges[node]:
                if self.left[edge] and level[self.to[edge]] < 0:
                    level[self.to[edge]] = level[node] + 1
                    queue.append(self.to[edge])
        return level if level[sink] >= 0 else None

    def reached(self, source: int) -> set[int]:
        """The nodes to which something could still flow."""
        found, queue = {source}, deque([source])
        while queue:
            for edge in self.edges[queue.popleft()]:
                if self.left[edge] and self.to[edge] not in found:
                    found.add(self.to[edge])
                    queue.append(self.to[edge])
        return found

    def _push(self, node: int, sink: int, limit: int, level: list[int], at: list[int]) -> int:
        if node == sink:
            return limit
        while at[node] < len(self.edges[node]):
            edge = self.edges[node][at[node]]
            end = self.to[edge]
            ahead = self.left[edge] and level[end] == level[node] + 1
            if ahead and (pushed := self._push(end, sink, min(limit, self.left[edge]), level, at)):
                self.left[edge] -= pushed
                self.left[edge ^ 1] += pushed
                return pushed
            at[node] += 1
        return 0


def place_by_flow(
    sizes: Sequence[int], open_to: Sequence[frozenset[int]], rooms: Iterable[Room], limits: dict[int, int]
) -> tuple[int, list[tuple[int, int, int]]]:
    """As many people as possible: (how many, [(class, room, people)]).

    `sizes` and `open_to` (indexes of rooms) are per class; `limits` is the workload left per station-day.
    """
    network, links, kinds, _types, _days = _built(sizes, open_to, [r for r in rooms if r.free > 0], limits)
    total = network.run(0, 1)
    return total, _unfold(network, links, kinds, list(sizes))


def bottleneck(
    sizes: Sequence[int], open_to: Sequence[frozenset[int]], rooms: Iterable[Room], limits: dict[int, int]
) -> tuple[set[int], set[int]] | None:
    """Why not everybody can be placed: the rooms and the station-days of which one must get more places.

    None when everybody can. (The rooms behind a minimum cut: nothing elsewhere lets one more person in.)
    """
    network, _links, _kinds, types, days = _built(sizes, open_to, list(rooms), limits)
    if network.run(0, 1) == sum(sizes):
        return None
    reached = network.reached(0)
    full = {room.index for node, same in types.items() if node in reached for room in same}
    return full, {day for day, node in days.items() if node in reached}


def _built(
    sizes: Sequence[int], open_to: Sequence[frozenset[int]], rooms: list[Room], limits: dict[int, int]
) -> tuple[Network, list, list, dict[int, list[Room]], dict[int, int]]:
    present = {room.index for room in rooms}
    kinds: dict[frozenset[int], list[int]] = {}
    for index, allowed in enumerate(open_to):
        kinds.setdefault(allowed & present, []).append(index)
    kind_list = list(kinds.items())
    types: dict[tuple[int, tuple[int, ...]], list[Room]] = {}
    for room in rooms:
        admits = tuple(k for k, (allowed, _members) in enumerate(kind_list) if room.index in allowed)
        types.setdefault((room.station_day, admits), []).append(room)
    days = sorted({room.station_day for room in rooms})
    day_node = {day: 2 + len(kind_list) + len(types) + n for n, day in enumerate(days)}
    network = Network(2 + len(kind_list) + len(types) + len(days))
    for k, (_allowed, members) in enumerate(kind_list):
        network.join(0, 2 + k, sum(sizes[m] for m in members))
    links: list[tuple[int, int, int, list[Room]]] = []
    nodes: dict[int, list[Room]] = {}
    for t, ((day, admits), same) in enumerate(types.items()):
        node = 2 + len(kind_list) + t
        nodes[node] = same
        network.join(node, day_node[day], sum(room.free for room in same))
        links += [(network.join(2 + k, node, NO_LIMIT), k, t, same) for k in admits]
    for day in days:
        network.join(day_node[day], 1, limits.get(day, NO_LIMIT))
    return network, links, kind_list, nodes, day_node


def _unfold(
    network: Network,
    links: list[tuple[int, int, int, list[Room]]],
    kinds: list[tuple[frozenset[int], list[int]]],
    waiting: list[int],
) -> list[tuple[int, int, int]]:
    left = {room.index: room.free for _edge, _k, _t, members in links for room in members}
    placed: list[tuple[int, int, int]] = []
    for edge, k, _t, members in links:
        amount = network.left[edge ^ 1]
        for room in members:
            for member in kinds[k][1]:
                count = min(amount, left[room.index], waiting[member])
                if count:
                    placed.append((member, room.index, count))
                    amount -= count
                    left[room.index] -= count
                    waiting[member] -= count
    return placed
