"""Append-only tables and unchangeable columns, guarded in the database itself on SQLite and PostgreSQL (design §5)."""

from typing import Any

APPEND_ONLY_TABLES = ("photocampus_event", "photocampus_accesslog")


def append_only(table: str) -> Any:
    """A migration step's function that forbids UPDATE and DELETE on `table`."""

    def create(apps: Any, schema_editor: Any) -> None:
        for statement in append_only_sql(schema_editor.connection.vendor, table):
            schema_editor.execute(statement)

    return create


def append_only_sql(vendor: str, table: str) -> list[str]:
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for act in ("UPDATE", "DELETE")
        ]
    return [
        f"CREATE OR REPLACE FUNCTION {table}_guard() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_guard()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_guard()",
    ]


def drop_append_only_sql(vendor: str, table: str) -> list[str]:
    """For the retention job and the removal of the demonstration only; `append_only_sql` puts the guard back."""
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {table}_no_{act}" for act in ("update", "delete")]
    return [
        f"DROP TRIGGER IF EXISTS {table}_no_change ON {table}",
        f"DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}",
    ]


def drop_append_only(table: str) -> Any:
    def drop(apps: Any, schema_editor: Any) -> None:
        for statement in drop_append_only_sql(schema_editor.connection.vendor, table):
            schema_editor.execute(statement)

    return drop


def fixed_column(table: str, column: str) -> Any:
    """A migration step's function that forbids changing `column` once it is written."""

    def create(apps: Any, schema_editor: Any) -> None:
        name = f"{table}_{column}_fixed"
        if schema_editor.connection.vendor == "sqlite":
            schema_editor.execute(
                f"CREATE TRIGGER {name} BEFORE UPDATE OF {column} ON {table} WHEN NEW.{column} IS NOT OLD.{column} "
                f"BEGIN SELECT RAISE(ABORT, '{table}.{column} never changes'); END"
            )
            return
        schema_editor.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{table}.{column} never changes' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        schema_editor.execute(
            f"CREATE TRIGGER {name} BEFORE UPDATE OF {column} ON {table} FOR EACH ROW "
            f"WHEN (NEW.{column} IS DISTINCT FROM OLD.{column}) EXECUTE FUNCTION {name}()"
        )

    return create


def drop_fixed_column(table: str, column: str) -> Any:
    def drop(apps: Any, schema_editor: Any) -> None:
        on = "" if schema_editor.connection.vendor == "sqlite" else f" ON {table}"
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_{column}_fixed{on}")

    return drop
