"""The long work of this app; importing it registers the kinds of job."""

from sessions import delivery_files  # noqa: F401
