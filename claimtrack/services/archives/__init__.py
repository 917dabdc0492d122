"""The archive of the record: what it holds, how it is written, and how it is taken back."""

from claimtrack.services.archives.restoring import Restored, restore_archive
from claimtrack.services.archives.writing import archive_lines, count_claims

__all__ = ["Restored", "archive_lines", "count_claims", "restore_archive"]
