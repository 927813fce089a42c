"""The one task on the queue: run the job with this number. Everything else is in `jobs`."""

from django_tasks import task

from photocampus.jobs import run_job


@task()
def run_job_task(job_id: int) -> None:
    run_job(job_id)
