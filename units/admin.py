"""The admin of this app; the parts register themselves."""

from units import admin_campaigns, admin_people  # noqa: F401
