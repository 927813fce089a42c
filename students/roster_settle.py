"""Lines that stand or fall with other lines of the same file: exchanged and passed-on ID numbers (design §7).

A line may claim the number of somebody else on record exactly if that person gets another number in this file.
"""

import json
from typing import Any

from photocampus.crypto import Sealer, mask
from students.bulk import update_rows
from students.identity import Problem
from students.models import RosterRow, RosterUpload, RowKind
from students.roster_diff import CORRECTED_NUMBER, EXCHANGED_NUMBER, NEW_LEVEL, PENDING
from students.rows import Finding, Values
from students.staging import pack, payload_sealer, plain_findings, unpack


class _Claim:
    """A line whose ID number changes, or waits for its holder to give it up."""

    def __init__(
        self, pk: int, line: int, tags: list[str], values: Values | None, rest: dict[str, Any]
    ) -> None:
        assert values is not None
        self.pk, self.line, self.tags, self.values, self.rest = pk, line, tags, values, rest

    @property
    def student(self) -> int | None:
        """Who gets another number by this line."""
        return self.rest.get("student") if CORRECTED_NUMBER in self.tags else None

    @property
    def owner(self) -> int | None:
        """Whose number this line claims."""
        return self.rest.get("owner") if PENDING in self.tags else None


def settle(upload: RosterUpload) -> None:
    """Decide every pending line; within the caller's transaction, repeatable."""
    sealer = payload_sealer()
    claims = _claims(upload, sealer)
    pending = [claim for claim in claims if claim.owner is not None]
    if not pending:
        return
    refused = _losers(claims)
    givers = {claim.student: claim for claim in claims if claim.student and claim.pk not in refused}
    rows = []
    for claim in pending:
        if claim.pk in refused:
            rows.append(_refuse(claim, sealer))
        else:
            other = givers[claim.owner]  # type: ignore[index]
            is_pair = claim.student is not None and other.owner == claim.student
            rows.append(_stand(claim, other, is_pair, sealer))
    update_rows(RosterRow, ("kind", "tags", "payload"), rows)


def _claims(upload: RosterUpload, sealer: Sealer) -> list[_Claim]:
    """Few among many: only lines named as one of these are opened."""
    wanted = {CORRECTED_NUMBER, PENDING}
    keys = [
        pk
        for pk, tags in upload.rows.filter(kind__in=[RowKind.NEW, RowKind.CHANGED])
        .values_list("pk", "tags")
        .iterator()
        if not wanted.isdisjoint(tags)
    ]
    found = []
    for start in range(0, len(keys), 500):
        for row in upload.rows.filter(pk__in=keys[start : start + 500]):
            found.append(_Claim(row.pk, row.line, row.tags, *unpack(row.payload.reveal())))
    return found


def _losers(claims: list[_Claim]) -> set[int]:
    """Refuse claims on numbers that nobody gives up; that may bind further numbers, so go on until nothing changes."""
    refused: set[int] = set()
    while True:
        givers = {claim.student for claim in claims if claim.pk not in refused and claim.student}
        more = {
            claim.pk
            for claim in claims
            if claim.owner is not None and claim.pk not in refused and claim.owner not in givers
        }
        if not more:
            return refused
        refused |= more


def _refuse(claim: _Claim, sealer: Sealer) -> tuple[Any, ...]:
    column, code = claim.rest["otherwise"]
    value = getattr(claim.values, column)
    finding = Finding(column, mask(value) if column == "id_number" else value, Problem.of(code))
    rest = {"findings": plain_findings([finding]), "cells": claim.rest.get("cells", [])}
    return (str(RowKind.REFUSED), "[]", sealer.seal(pack(claim.values, rest)), claim.pk)


def _stand(claim: _Claim, other: _Claim, is_pair: bool, sealer: Sealer) -> tuple[Any, ...]:
    claim.rest.pop("cells", None)
    tags = [tag for tag in claim.tags if tag not in (PENDING, NEW_LEVEL)]
    if is_pair:
        tags = [EXCHANGED_NUMBER if tag == CORRECTED_NUMBER else tag for tag in tags]
        claim.rest["with"] = other.line
    kind = RowKind.CHANGED if CORRECTED_NUMBER in claim.tags and "makes" not in claim.rest else RowKind.NEW
    return (str(kind), json.dumps(tags), sealer.seal(pack(claim.values, claim.rest)), claim.pk)
