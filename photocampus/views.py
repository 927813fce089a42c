"""The doors. Every page inherits one of them (or one of `units.access`), and states who may enter.

Closed by default: `LoginRequiredMiddleware` guards everything that is not a `PublicPage`, and a page class that names no
door does not exist. A stranger gets 404, not 403.
"""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views import View

from photocampus.access import visible_to
from photocampus.models import Role, User

M = TypeVar("M", bound=Model)


class Page(View):
    """What all pages share: the way to rows, and to templates."""

    door: ClassVar[str] = ""
    template_name: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.door:
            raise TypeError(f"{cls.__name__} inherits no door")

    @property
    def user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    def scoped(self, source: type[M] | QuerySet[M]) -> QuerySet[M]:
        """The rows that this user may see; pages use nothing else."""
        return visible_to(self.request.user, source)

    def get_scoped(self, source: type[M] | QuerySet[M], **lookup: Any) -> M:
        return get_object_or_404(self.scoped(source), **lookup)

    def render(self, template: str = "", status: int = 200, **context: Any) -> HttpResponse:
        return render(self.request, template or self.template_name, {"page": self, **context}, status=status)


class PublicPage(Page):
    """Open to everybody: listed by name in the access test."""

    door = "public"

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        view = super().as_view(**initkwargs)
        view.login_required = False  # type: ignore[attr-defined]
        return view


class MemberPage(Page):
    """Open to whoever is logged in."""

    door = "member"


class StaffPage(Page):
    """Academic affairs only; `permission` names a further permission where the act needs one."""

    door = "staff"
    permission: ClassVar[str] = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.user.role != Role.STAFF or (self.permission and not self.user.has_perm(self.permission)):
            raise Http404
        return super().dispatch(request, *args, **kwargs)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old or came from elsewhere."""
    message = _(
        "The form was open for too long, or cookies are switched off. Go back, reload the page and try again."
    )
    return render(request, "errors/403_csrf.html", {"message": message}, status=403)
