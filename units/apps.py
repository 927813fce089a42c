from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UnitsConfig(AppConfig):
    name = "units"
    label = "units"
    verbose_name = _("Campaigns, units and studios")

    def ready(self) -> None:
        from units import access, told  # noqa: F401  (they register their rules)
