"""Writing and finding many rows at once, past the model layer: one prepared statement, plain tuples.

Only for set-based use cases that have judged every value themselves; everything else uses the ORM.
"""

# ruff: noqa: S608  (only the names of our own tables and columns are put into statements, never a value)

import base64
import json
import os
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import connection, models

BLOCK = 5000


def is_sqlite() -> bool:
    return connection.vendor == "sqlite"


def table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def column_of(model: type[models.Model], name: str) -> str:
    """The quoted column of a field."""
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field)
    assert field.column is not None
    return connection.ops.quote_name(field.column)


def insert_rows(model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """INSERT the tuples, whose values are what the database stores (see `stamp` for moments)."""
    columns = ", ".join(column_of(model, name) for name in fields)
    places = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table(model)} ({columns}) VALUES ({places})", rows)  # type: ignore[arg-type]


def update_rows(model: type[models.Model], fields: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """UPDATE by primary key; each tuple is the values of `fields`, then the key."""
    if not rows:
        return
    sets = ", ".join(f"{column_of(model, name)} = %s" for name in fields)
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table(model)} SET {sets} WHERE id = %s", rows)


def delete_rows(model: type[models.Model], ids: Collection[int]) -> None:
    """DELETE by primary key. What still refers to a row makes the database refuse the whole transaction."""
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table(model)} WHERE {among('id', numbers=True)}", [listed(ids)])


class NewRows:
    """Rows that wait in a temporary table of this connection until one statement inserts them all.

    Waiting costs neither a lock nor Python's memory, and inserting costs no Python at all. A row's reference can be
    used by other new rows at once: on PostgreSQL it is the key, drawn from the sequence; on SQLite it is a negative
    number, which becomes a key when the transaction that inserts holds the only write lock (see `resolve`).
    """

    FLUSH = 2000

    def __init__(
        self, model: type[models.Model], fields: Sequence[str], *, extra: Sequence[str] = (), refers: str = ""
    ) -> None:
        quote = connection.ops.quote_name
        self.model = model
        self.columns = [str(model._meta.get_field(n).column) for n in fields]  # type: ignore[union-attr]
        self.extra = list(extra)
        self.refers = refers
        # A name of its own: an edit in between uses the same connection.
        self.name = quote(f"new_{model._meta.db_table}_{os.urandom(4).hex()}")
        self.count = 0
        self.base = 0
        self.exists = False
        self._rows: list[tuple[Any, ...]] = []
        self._keys: list[int] = []

    def add(self, row: tuple[Any, ...]) -> int:
        """Keep a row, given without its key; returns its reference."""
        self.count += 1
        if is_sqlite():
            key = -self.count
        else:
            if not self._keys:
                self._keys = self._draw_keys()
            key = self._keys.pop()
        self._rows.append((key, *row))
        if len(self._rows) >= self.FLUSH:
            self.flush()
        return key

    def _draw_keys(self) -> list[int]:
        sql = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
        keys = [row[0] for row in select(sql, [table(self.model), 1 if self.count == 1 else self.FLUSH])]
        return keys[::-1]

    def flush(self) -> None:
        """Hand what was added to the temporary table."""
        if not self._rows:
            return
        columns = ["id", *self.columns, *self.extra]
        names = ", ".join(connection.ops.quote_name(column) for column in columns)
        with connection.cursor() as cursor:
            if not self.exists:
                self._create(cursor, names)
                self.exists = True
            if is_sqlite():
                places = ", ".join(["%s"] * len(columns))
                cursor.executemany(f"INSERT INTO {self.name} ({names}) VALUES ({places})", self._rows)
            else:
                with cursor.copy(f"COPY {self.name} ({names}) FROM STDIN") as copy:
                    for row in self._rows:
                        copy.write_row(row)
        self._rows = []

    def _create(self, cursor: Any, names: str) -> None:
        if is_sqlite():
            cursor.execute(f"CREATE TEMP TABLE {self.name} ({names})")
        else:
            own = ", ".join(connection.ops.quote_name(column) for column in ["id", *self.columns])
            cursor.execute(
                f"CREATE TEMP TABLE {self.name} AS SELECT {own} FROM {table(self.model)} WITH NO DATA"
            )
            for column in self.extra:
                cursor.execute(f"ALTER TABLE {self.name} ADD COLUMN {connection.ops.quote_name(column)} text")

    def resolve(self, reference: int) -> int:
        """The key of a row, once `insert` has begun."""
        return reference if reference > 0 else self.base - reference

    def insert(
        self, *, parent: "NewRows | None" = None, fixed: Sequence[tuple[str, str, Any]] = (), join: str = ""
    ) -> None:
        """Move everything into the real table. `fixed`: (column, expression, its parameter or None) set for all rows.

        `parent` holds the rows that the column `refers` may name by reference.
        """
        if is_sqlite():
            self.base = self._highest_key()
        if not self.count:
            return
        quote = connection.ops.quote_name
        targets, values, params = ["id"], [self._key("n.id")], [self.base] if is_sqlite() else []
        for column in self.columns:
            targets.append(quote(column))
            if column == self.refers and parent is not None:
                values.append(self._key(f"n.{quote(column)}"))
                params += [parent.base] if is_sqlite() else []
            else:
                values.append(f"n.{quote(column)}")
        for column, expression, value in fixed:
            targets.append(quote(column))
            values.append(expression)
            params += [value] if "%s" in expression else []
        sql = (
            f"INSERT INTO {table(self.model)} ({', '.join(targets)}) SELECT {', '.join(values)}"
            f" FROM {self.name} n {join}"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            if cursor.rowcount != self.count:
                raise RuntimeError(f"{cursor.rowcount} of {self.count} rows were inserted")

    def _key(self, column: str) -> str:
        return f"CASE WHEN {column} > 0 THEN {column} ELSE %s - {column} END" if is_sqlite() else column

    def _highest_key(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table(self.model)}")
            highest = cursor.fetchone()[0]
            # Keys of rows that are gone are not given out again.
            cursor.execute(
                "SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = %s",
                [self.model._meta.db_table],
            )
            return max(highest, cursor.fetchone()[0])

    def drop(self) -> None:
        """Forget the temporary table; nothing happens if there is none."""
        if not self.exists:
            return
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {'temp' if is_sqlite() else 'pg_temp'}.{self.name}")
        self.exists = False


def among(column: str, *, numbers: bool = False) -> str:
    """A condition with one placeholder for a whole list, made by `listed`; no limit on its length."""
    if is_sqlite():
        return f"{column} IN (SELECT value FROM json_each(%s))"
    return f"{column} = ANY(%s::{'bigint' if numbers else 'text'}[])"


def listed(values: Iterable[Any]) -> Any:
    return json.dumps(list(values)) if is_sqlite() else list(values)


def select(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def stamp(moment: Any) -> Any:
    """A moment as this database stores it."""
    return connection.ops.adapt_datetimefield_value(moment)


def random_ids(count: int, size: int) -> list[str]:
    """Like `secrets.token_urlsafe(size)`, many at once; `size` is a multiple of 3, so that nothing is padded."""
    text = base64.urlsafe_b64encode(os.urandom(count * size)).decode("ascii")
    width = size // 3 * 4
    return [text[start : start + width] for start in range(0, len(text), width)]
