"""Mutation test of a change: mutmut on the functions of safety/ that differ from the branch it goes to.

Quick enough to stand in ``make ci``. mutmut changes other things than cosmic-ray does: it drops arguments and alters
texts. What it cannot do (constants, enums, fields of dataclasses) and what is over the limit here is left to
``make mutate``. A survivor that cannot be noticed stands in the written list with the operator ``mutmut``.

The exit code is 0 when every mutant tried was killed or is listed, and when there is nothing to compare with or nothing
changed; 1 when one survived; 2 when the harness failed, so that nothing is known.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from mutate import HOME, fail
from mutate_list import LIST, read_list
from mutate_make import HarnessError
from mutate_tree import Tree
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.mutation.trampoline_templates import mangle_function_name
from mutmut.stats import status_by_exit_code

MUTANTS_MAX = 300
MAIN = "origin/main"
COMMAND = str(Path(sys.executable).parent / "mutmut")
SHOWN_CHARACTERS = 3000
KILLED = {"killed", "timeout", "segfault"}
SURVIVED = {"survived", "no tests"}


def main() -> int:
    """Try the change and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=HOME, help="top of the tree, a git checkout")
    parser.add_argument("--package", default="safety", help="what is mutated, tested by tests/<package>")
    parser.add_argument("--limit", type=int, default=MUTANTS_MAX, help="how many mutants at most")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="how many processes at once")
    wanted = parser.parse_args()
    started_s = time.monotonic()
    base = base_of(wanted.home)
    if base is None:
        print("there is no earlier commit to compare with: no mutants tried")
        return 0
    with tempfile.TemporaryDirectory(prefix="mutate-") as place:
        try:
            tree = Tree(wanted.home, wanted.package, Path(place))
            changed = {
                module: names
                for module, source in tree.sources.items()
                if (names := changed_functions(git(wanted.home, "show", f"{base}:{module}") or "", source))
            }
            if not changed:
                print(f"no function of {wanted.package}/ differs from {base[:12]}: no mutants tried")
                return 0
            states, total = tried(tree, changed, wanted.limit, wanted.workers)
            alive = [(name, *shown(tree, name)) for name, state in sorted(states.items()) if state in SURVIVED]
            listed = [one for one in read_list(wanted.home / LIST) if one.operator == "mutmut"]
        except HarnessError as error:
            print(f"the mutation test itself failed, nothing is known: {error}")
            return 2
    hidden = {(one.module, one.line, one.becomes) for one in listed}
    unlisted = [one for one in alive if one[1:] not in hidden]
    for name, module, line, becomes in unlisted:
        print(f"\n{module} {states[name]}: {name}\n  - {line}\n  + {becomes}")
    for module, names in sorted(changed.items()):
        print(f"{module}: {', '.join(sorted(names))}")
    counts = ", ".join(f"{number} {state}" for state, number in sorted(Counter(states.values()).items()))
    print(f"{len(states)} of {total} mutants tried since {base[:12]}: {counts}; {len(alive) - len(unlisted)} listed")
    if total > len(states):
        print(
            f"the other {total - len(states)} are over the limit of {wanted.limit}: `make mutate` tries its own on all"
        )
    print(f"{time.monotonic() - started_s:.0f} s")
    return 1 if unlisted else 0


def git(home: Path, *words: str) -> str | None:
    """Return what git answers, None where it has no answer."""
    ran = subprocess.run(["git", "-C", str(home), *words], capture_output=True, text=True, check=False)
    return ran.stdout.rstrip("\n") if ran.returncode == 0 else None


def base_of(home: Path) -> str | None:
    """Return the commit to compare with: where this branch left the main one; on the main one the commit before."""
    head, left = git(home, "rev-parse", "HEAD"), git(home, "merge-base", "HEAD", MAIN)
    return left if left is not None and left != head else git(home, "rev-parse", "--verify", "--quiet", "HEAD^")


def changed_functions(before: str, after: str) -> set[str]:
    """Return the functions and methods of ``after`` with other code than in ``before``, named as mutmut names them."""
    old = functions(before)
    return {name for name, code in functions(after).items() if old.get(name) != code}


def functions(source: str) -> dict[str, str]:
    """Return each function's code without layout, comments and docstring."""
    found = {}
    for node in ast.parse(source).body:
        held = node.body if isinstance(node, ast.ClassDef) else [node]
        owner = node.name if isinstance(node, ast.ClassDef) else None
        for each in held:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
                code = ast.dump(each).replace(repr(ast.get_docstring(each, clean=False)), "")
                found[mangle_function_name(name=each.name, class_name=owner)] = code
    return found


def tried(tree: Tree, changed: dict[str, set[str]], limit: int, workers: int) -> tuple[dict[str, str], int]:
    """Run mutmut; return the state of each mutant that was tried and how many there are.

    Raises HarnessError where mutmut fails, or ends without a verdict on one.
    """
    settings = tree.top / "pyproject.toml"
    only = f"[tool.mutmut]\nonly_mutate = {json.dumps(sorted(changed))}"
    settings.write_text(settings.read_text("utf-8").replace("[tool.mutmut]", only, 1), "utf-8")
    with contextlib.chdir(tree.top):  # where mutmut looks for its settings
        names = [
            f"{dotted(module)}.{name}"
            for module, functions_of in sorted(changed.items())
            for name in mutate_file_contents(module, tree.sources[module]).mutant_names
            if name.partition("__mutmut_")[0] in functions_of
        ]
    if not names:
        return {}, 0
    chosen = names[:limit]
    mutmut(tree, "run", "--max-children", str(workers), *chosen)
    codes = {}
    for module in changed:
        codes |= json.loads((tree.top / "mutants" / f"{module}.meta").read_text("utf-8"))["exit_code_by_key"]
    states = {name: status_by_exit_code[codes[name]] for name in chosen}
    if unclear := sorted(set(states.values()) - KILLED - SURVIVED):
        raise HarnessError(f"mutmut ended with mutants that are {', '.join(unclear)}")
    return states, len(names)


def shown(tree: Tree, name: str) -> tuple[str, str, str]:
    """Return the mutant's module, its line and what the line becomes."""
    lines = mutmut(tree, "show", name).splitlines()
    taken = [line[1:].strip() for line in lines if line.startswith("-") and not line.startswith("---")]
    put = [line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++")]
    module = next(path for path in tree.sources if name.startswith(f"{dotted(path)}.x"))
    return module, taken[0] if taken else "", put[0] if put else ""


def dotted(module: str) -> str:
    """Return the name that imports have for a path."""
    return module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def mutmut(tree: Tree, *words: str) -> str:
    """Return what mutmut prints; raises HarnessError where it fails."""
    did = subprocess.run([COMMAND, *words], cwd=tree.top, capture_output=True, text=True, check=False)
    if did.returncode != 0:
        raise HarnessError(
            f"mutmut {words[0]} ended with {did.returncode}\n{(did.stdout + did.stderr)[-SHOWN_CHARACTERS:]}"
        )
    return did.stdout


if __name__ == "__main__":
    sys.excepthook = fail
    sys.exit(main())
