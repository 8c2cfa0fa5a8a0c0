"""On the PYTHONPATH of everything that the tests start: a local service in another process is looked at as well.

As soon as the local service is imported there, a witness joins it that writes each answer that is not as described
into the file of the test process, where `tests.emulator.described` reads it. Nothing else is imported before that.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, PathFinder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType


class _Finder:
    """Finds one module, once: as usual, but for what happens after it has run."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "assetsync.emulator.witness":
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        assert spec is not None
        assert spec.loader is not None
        run = spec.loader.exec_module

        def run_and_join(module: ModuleType) -> None:
            run(module)
            from tests.emulator.elsewhere import witness

            module.WITNESSES.append(witness())

        spec.loader.exec_module = run_and_join  # type: ignore[method-assign]
        return spec


sys.meta_path.insert(0, _Finder())
