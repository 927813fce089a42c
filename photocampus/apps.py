from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PhotocampusConfig(AppConfig):
    name = "photocampus"
    label = "photocampus"
    verbose_name = _("School, users and logs")

    def ready(self) -> None:
        from photocampus.roles import give_permissions

        post_migrate.connect(give_permissions, dispatch_uid="photocampus.roles.give_permissions")


class PortalAdminConfig(AdminConfig):
    """Django's admin on a site of our own: same access rules, no inline script or style."""

    default_site = "photocampus.admin_site.PortalAdminSite"
