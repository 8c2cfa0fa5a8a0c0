"""What Twilio takes, as far as the files alone show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from assetsync.model import Visibility


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one file and of one Build (F1.1, F1.2, F1.10).

    file_bytes, private_bytes: the largest public or protected file, the largest private one
    warn_bytes: 25 MB if a megabyte is 10^6 bytes, which is not stated (F1.2)
    per_visibility, private_files: Asset Versions of one visibility in a Build
    together: public and protected ones in a Build, if the old documentation still holds
    path_bytes: the longest path
    """

    file_bytes: int = 25 * 2**20
    private_bytes: int = 10 * 2**20
    warn_bytes: int = 25_000_000
    per_visibility: int = 1000
    private_files: int = 50
    together: int = 1000
    path_bytes: int = 255

    def largest(self, visibility: Visibility) -> int:
        return self.private_bytes if visibility is Visibility.PRIVATE else self.file_bytes

    def most(self, visibility: Visibility) -> int:
        return self.private_files if visibility is Visibility.PRIVATE else self.per_visibility

    @property
    def hopeless(self) -> int:
        """So many files or folders in one source that to look at more of them tells nothing new."""
        return 20 * (2 * self.per_visibility + self.private_files)


TWILIO_LIMITS: Final = Limits()
