"""The files of a manifest, read with the user's hash cache."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from assetsync.cli.session import cache_folder
from assetsync.local.cache import HashCache
from assetsync.local.scan import digest_files

if TYPE_CHECKING:
    from assetsync.errors import ApplyFailed
    from assetsync.events import Emit
    from assetsync.local.scan import Selected
    from assetsync.model import DesiredTree


def read_tree(selection: Selected, emit: Emit) -> DesiredTree:
    """Read the selected files with the user's hash cache."""
    return digest_files(selection, cache_dir=cache_folder(), now_ns=time.time_ns, emit=emit)


def distrust_hashes(selection: Selected, error: ApplyFailed) -> None:
    """Forget the hash cache where a file was not what the plan took it for: else it might never be."""
    if any(failure.changed for failure in error.failures):
        folder = cache_folder()
        if folder is not None:
            HashCache.forget(folder, selection.manifest.root)
