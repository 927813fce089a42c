"""The long work of this app; importing it registers the kinds of job."""

from students import batch_build, ingest_job, rederive, roster_jobs  # noqa: F401
