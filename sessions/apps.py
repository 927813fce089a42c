from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SessionsConfig(AppConfig):
    """The label `sessions` belongs to `django.contrib.sessions`; ours is `shoots`."""

    name = "sessions"
    label = "shoots"
    verbose_name = _("Shoots and deliveries")

    def ready(self) -> None:
        from sessions import (  # noqa: F401  (history registers its sources)
            access,
            deadlines,
            history,
            pictures,
            problem_told,
            progress,
            retention,
            shoot_events,
            told,
        )

        progress.register()
        shoot_events.register()
        pictures.register()
        self.follow_the_roster()

    def follow_the_roster(self) -> None:
        """R4 and the expected people of shoots keep in step with every change of the roster and of the line itself."""
        from sessions import booking, expectations, offers, room_flags, routes, studio_days
        from sessions.holding import on_hours_freed
        from sessions.models import Attendance
        from students.hooks import Followers, goes_with_graduates, on_roster_changed
        from units.hooks import on_campaign_changed

        on_roster_changed(routes.follow_roster)
        on_roster_changed(expectations.follow_roster)
        goes_with_graduates(Attendance, Followers(expectations.count_expected, expectations.drop_expected))
        on_campaign_changed(booking.follow_closing)
        on_campaign_changed(routes.follow_threshold)
        on_campaign_changed(studio_days.follow_window)
        on_campaign_changed(room_flags.follow_room_numbers)
        on_hours_freed(offers.offer_freed_hours)
