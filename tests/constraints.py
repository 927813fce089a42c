"""Taking a constraint away for one test, to show that it, and not luck, decides a race."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models import Model


@contextmanager
def without_constraint(model: type[Model], name: str) -> Iterator[None]:
    """Drop a constraint from the test's own database and put it back, after the rows that break it are gone."""
    known = model._meta.constraints
    constraint = next(one for one in known if one.name == name)
    # SQLite makes the table anew from the model, so the model must not know the constraint either.
    model._meta.constraints = [one for one in known if one is not constraint]
    with connection.schema_editor() as editor:
        editor.remove_constraint(model, constraint)
    try:
        yield
    finally:
        model._default_manager.all().delete()
        model._meta.constraints = known
        with connection.schema_editor() as editor:
            editor.add_constraint(model, constraint)
