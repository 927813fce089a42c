"""Found by itself; the parts register themselves."""

from students import (
    picture_navigation,  # noqa: F401
    register_navigation,  # noqa: F401
    roster_navigation,  # noqa: F401
    staff_navigation,  # noqa: F401
)
