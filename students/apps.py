from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class StudentsConfig(AppConfig):
    name = "students"
    label = "students"
    verbose_name = _("Graduates and pictures")

    def ready(self) -> None:
        from students import access, deadlines, face_library, register_history, roster_history, told  # noqa: F401  (they register themselves)
        from students.profile_checks import problems_of_checks
        from students.reference import ensure_reference_data
        from units.hooks import on_bounds_entered

        on_bounds_entered(problems_of_checks)
        post_migrate.connect(ensure_reference_data, sender=self)
