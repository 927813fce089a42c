"""Who may see which rows: one registry, closed by default (design §5).

Each app registers one rule per model in its `access.py`. Pages, downloads and commands that act for a user reach
rows only through `visible_to`. A model without a rule shows nothing to anybody but academic affairs.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q, QuerySet

from photocampus.models import Job, Role, User

M = TypeVar("M", bound=Model)
# What a coordinator or a studio user may see; None is nothing. Q or any conditional expression (Exists).
Rule = Callable[[User], Any]
_rules: dict[type[Model], Rule] = {}


def access_rule(model: type[Model]) -> Callable[[Rule], Rule]:
    """Register the rule for `model`; a second rule for the same model is a mistake."""

    def register(rule: Rule) -> Rule:
        if model in _rules:
            raise RuntimeError(f"{model.__name__} has two access rules")
        _rules[model] = rule
        return rule

    return register


def has_rule(model: type[Model]) -> bool:
    return model in _rules


def visible_to(user: User | AnonymousUser, source: type[M] | QuerySet[M]) -> QuerySet[M]:
    """The rows of `source` that this user may see at all. Which acts are allowed, the doors and use cases decide."""
    queryset: QuerySet[M] = source if isinstance(source, QuerySet) else source._default_manager.all()
    if not user.is_authenticated or not user.is_active:
        return queryset.none()
    if user.role == Role.STAFF:
        return queryset
    rule = _rules.get(queryset.model)
    condition = rule(user) if rule else None
    return queryset.none() if condition is None else queryset.filter(condition)


@access_rule(Job)
def own_jobs(user: User) -> Q:
    return Q(by=user)
