"""Uploads on their way in: large ones lie in files without a name, so that a killed process leaves nothing."""

import tempfile
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError

SPOOL_BYTES = 1024 * 1024


class TooLarge(DomainError):
    code = "too_large"
    message = _("The file %(name)s is larger than the allowed %(limit)d MB.")


class UnlinkedUploadHandler(FileUploadHandler):
    """Up to one megabyte in memory, the rest in an unlinked temporary file on the same disk as the data."""

    file: Any

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        folder = str(settings.FILE_UPLOAD_TEMP_DIR)
        self.file = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES, dir=folder)  # noqa: SIM115

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        self.file.seek(0)
        return UploadedFile(
            file=self.file,
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )


def check_upload_size(upload: UploadedFile, kind: str) -> None:
    """Refuse what is larger than `settings.UPLOAD_LIMITS[kind]`."""
    must_not_exceed(upload.size or 0, kind, name=upload.name or "")


def must_not_exceed(size: int, kind: str, *, name: str) -> None:
    """Raises `TooLarge` when so many bytes are more than `settings.UPLOAD_LIMITS[kind]`."""
    limit = settings.UPLOAD_LIMITS[kind]
    if size > limit:
        raise TooLarge(name=name, limit=limit // (1024 * 1024))
