"""The admin of this app; the parts register themselves."""

from students import admin_people, admin_pictures, admin_register  # noqa: F401
