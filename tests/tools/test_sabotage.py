"""The suite of known defects can itself fail: a defect that nobody notices, a patch that is none, a broken test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[2]
TEST = "tests/safety/test_roles.py"
CHANGE = """--- a/safety/roles.py
+++ b/safety/roles.py
@@ -11,2 +11,2 @@
     \"\"\"Return whether ``role`` suffices where ``needed`` is needed; an unknown role on either side never does.\"\"\"
-    return role in ROLES and needed in ROLES and ROLES.index(role) >= ROLES.index(needed)
+    {changed}
"""
SAME = "return needed in ROLES and role in ROLES and ROLES.index(role) >= ROLES.index(needed)"


def run(folder, *, changed=SAME, test=TEST, head="Defect: none\n", change=CHANGE):
    patch = folder / "one.patch"
    patch.write_text(f"{head}Test: {test}\n{change.format(changed=changed)}")
    command = [sys.executable, "tools/sabotage.py", "--workers", "1", str(patch)]
    return subprocess.run(command, cwd=HOME, capture_output=True, text=True, timeout=200, check=False)


def test_a_defect_that_is_noticed(tmp_path):
    ran = run(tmp_path, changed="return True")
    assert (ran.returncode, ran.stdout) == (0, "noticed  one: none\n1 of 1 defects noticed\n")


def test_a_defect_that_nobody_notices_fails(tmp_path):
    ran = run(tmp_path)
    assert ran.returncode == 1
    assert "UNNOTICED one" in ran.stdout


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"head": ""}, "must begin with"),
        ({"change": CHANGE.replace("unknown role", "strange role")}, "does not apply"),
        ({"changed": "return ("}, "pytest ended with"),
        ({"test": "tests/safety/test_roles.py::test_that_is_not_there"}, "do not pass on the code as it is"),
    ],
)
def test_a_suite_that_is_broken_is_an_error(tmp_path, what, said):
    ran = run(tmp_path, **what)
    assert ran.returncode == 2
    assert said in ran.stderr


def test_every_patch_names_its_own_defect():
    patches = sorted((HOME / "tests" / "sabotage").glob("*.patch"))
    assert len(patches) >= 30
    defects = [patch.read_text().splitlines()[0] for patch in patches]
    assert len(set(defects)) == len(defects)
