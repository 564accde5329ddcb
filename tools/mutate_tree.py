"""What a mutation test works on: a copy of one package and its tests."""

from __future__ import annotations

import shutil
from pathlib import Path

from mutate_list import digest


class Tree:
    """A copy of the package and its tests, so that nobody's editing gets into the run."""

    def __init__(self, home: Path, package: str, place: Path) -> None:
        self.top, self.package = place, package
        quiet = shutil.ignore_patterns("__pycache__")
        for part in (package, f"tests/{package}"):
            shutil.copytree(home / part, place / part, ignore=quiet)
        for part in ("tests/conftest.py", "pyproject.toml"):
            if (home / part).exists():
                shutil.copy(home / part, place / part)
        self.digest = digest(place.rglob("*.*"), place)
        files = sorted(path.relative_to(place).as_posix() for path in place.rglob("*.py"))
        self.sources = {path: (place / path).read_text("utf-8") for path in files if path.startswith(f"{package}/")}
        self.tests = [path for path in files if Path(path).name.startswith("test_")]

    def first_tests(self, module: str) -> list[str]:
        """Return the test files to try first.

        Those named after the module or the package; where there is none of the module, those that import it, or all.
        """
        stem = Path(module).stem
        named = [test for test in self.tests if f"/test_{stem}_" in test.replace(".py", "_")]
        named = named or [test for test in self.tests if self._imports(test, module)]
        whole = [test for test in self.tests if f"/test_{self.package}_" in test.replace(".py", "_")]
        return named + [test for test in whole if test not in named] if named else self.tests

    def other_tests(self, module: str) -> list[str]:
        """Return the rest, those that import the module before the others."""
        first = self.first_tests(module)
        rest = [test for test in self.tests if test not in first]
        return sorted(rest, key=lambda test: not self._imports(test, module))

    def _imports(self, test: str, module: str) -> bool:
        return f"from {self.package}.{Path(module).stem} import" in (self.top / test).read_text("utf-8")
