"""Mutation test of safety/: make thousands of small changes, one at a time, and see that a test notices each.

    make mutate                             all of it
    make mutate ARGS="safety/plc.py"        some modules
    make mutate ARGS=--resume               go on with a run that was interrupted; nothing may have changed since
    make mutate ARGS=--again                try the survivors of the last run again, with new tests

A mutant is killed when a test fails on it, when its module cannot be imported any more, or when its tests take several
times their usual processor time. Changed texts that are not Python (warnings of the compiler count as errors), or that
are the same program, are not mutants. The exit code is 0 when every mutant was killed or stands in
tools/mutants-equivalent.toml with its reason; 1 when one did not, or the list is wrong; 2 when the harness failed, so
that nothing is known.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from mutate_list import LIST, Listed, Outcome, Session, earlier, faults, read_list
from mutate_make import HarnessError, Mutant, changed, difference, mutants
from mutate_run import INVALID, SURVIVED, TIMEOUT, Job, Result, cpu_limit, run
from mutate_tree import Tree

HOME = Path(__file__).resolve().parent.parent
SESSION = ".mutation/session.jsonl"
CONTROL_CPU_S_MAX = 300
EVERYTHING = "all tests"
PROGRESS_EVERY = 100


def main() -> int:
    """Run the mutation test and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", help="paths of modules; all of the package where none is given")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="how many processes at once")
    parser.add_argument("--resume", action="store_true", help="keep what an interrupted run found out")
    parser.add_argument("--again", action="store_true", help="keep what was killed, whatever the tests were then")
    parser.add_argument("--home", type=Path, default=HOME, help="top of the tree")
    parser.add_argument("--package", default="safety", help="what is mutated, tested by tests/<package>")
    wanted = parser.parse_args()
    started_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutate-") as place:
        try:
            listed = read_list(wanted.home / LIST)
            tree = Tree(wanted.home, wanted.package, Path(place))
            modules = wanted.modules or list(tree.sources)
            tried = every_mutant(tree, modules)
            session, kept = open_session(wanted, tree)
            kept = [outcome for outcome in kept if outcome.key in {mutant.key for mutant in tried}]
            for outcome in kept:
                session.add(outcome)
            known = {outcome.key for outcome in kept}
            left = [mutant for mutant in tried if mutant.key not in known]
            outcomes = kept + list(try_all(tree, left, session, wanted.workers))
        except HarnessError as error:
            print(f"the mutation test itself failed, nothing is known: {error}")
            return 2
    if wanted.again:
        print(f"{len(kept)} mutants were taken over from a run with other tests; only a run of all is a verdict")
    return report(outcomes, listed, time.monotonic() - started_s, whole=set(modules) == set(tree.sources))


def every_mutant(tree: Tree, modules: list[str]) -> list[Mutant]:
    """Return the mutants of these modules; raises HarnessError where a module is unknown or there is none at all."""
    if unknown := sorted(set(modules) - tree.sources.keys()):
        raise HarnessError(f"no such module: {', '.join(unknown)}")
    found = [mutant for module in modules for mutant in mutants(module, tree.sources[module])]
    if not found:
        raise HarnessError("there is nothing to mutate")
    return found


def open_session(wanted: argparse.Namespace, tree: Tree) -> tuple[Session, list[Outcome]]:
    """Return a new session and what of the last one still counts."""
    path = wanted.home / SESSION
    heading, outcomes = earlier(path)
    now = {"tree": tree.digest} | tree.sources
    if not wanted.resume or heading.get("tree") != tree.digest:
        if wanted.resume:
            print("the tree is not that of the last run: starting anew")
        same = {module for module, source in tree.sources.items() if heading.get(module) == source}
        outcomes = [one for one in outcomes if wanted.again and one.module in same and one.state != SURVIVED]
    return Session(path, now), outcomes


def try_all(tree: Tree, tried: list[Mutant], session: Session, workers: int) -> Iterator[Outcome]:
    """Yield what became of each mutant. First its module's own tests, for what survives those all the others."""
    by_key = {mutant.key: mutant for mutant in tried}
    modules = sorted({mutant.module for mutant in tried})
    usual_s = control(tree, modules, workers)

    def job(mutant: Mutant, tests: list[str], cpu_s: float, *, must_import: bool) -> Job:
        source = tree.sources[mutant.module]
        return Job(mutant.key, mutant.module, lambda: changed(mutant, source), tests, cpu_limit(cpu_s), must_import)

    count = 0
    for module in modules:
        these = [mutant for mutant in tried if mutant.module == module]
        first, others = tree.first_tests(module), tree.other_tests(module)
        again: list[Mutant] = []
        for result in run([job(one, first, usual_s[module], must_import=True) for one in these], tree.top, workers):
            count += 1
            if count % PROGRESS_EVERY == 0:
                print(f"{count} of {len(tried)} mutants tried, at {module}", file=sys.stderr, flush=True)
            if result.state == SURVIVED and others:
                again.append(by_key[result.key])
            else:
                yield note(tree, by_key[result.key], result, session)
        for result in run(
            [job(one, others, usual_s[EVERYTHING], must_import=False) for one in again], tree.top, workers
        ):
            yield note(tree, by_key[result.key], result, session)


def control(tree: Tree, modules: list[str], workers: int) -> dict[str, float]:
    """Run the tests without a change; return the processor time of each module's first tests, and of all (EVERYTHING).

    Raises HarnessError where one fails.
    """

    def unchanged(key: str, module: str, tests: list[str]) -> Job:
        return Job(key, module, lambda: tree.sources[module], tests, CONTROL_CPU_S_MAX)

    jobs = [unchanged(module, module, tree.first_tests(module)) for module in modules]
    taken = {}
    for result in run([*jobs, unchanged(EVERYTHING, modules[0], tree.tests)], tree.top, workers):
        if result.state != SURVIVED:
            raise HarnessError(f"without a change to {result.key}: {result.state}, {result.by}\n{result.output}")
        taken[result.key] = result.cpu_s
    return taken


def note(tree: Tree, mutant: Mutant, result: Result, session: Session) -> Outcome:
    """Return the outcome, which is on record by then."""
    source = tree.sources[mutant.module]
    line, becomes = difference(source, changed(mutant, source))
    outcome = Outcome(
        mutant.key, mutant.module, mutant.operator, mutant.at_line, line, becomes, result.state, result.by, result.cpu_s
    )
    session.add(outcome)
    return outcome


def report(outcomes: list[Outcome], listed: list[Listed], seconds: float, *, whole: bool) -> int:
    """Print the verdict and return the exit code."""
    valid = [outcome for outcome in outcomes if outcome.state != INVALID]
    unlisted, wrong = faults(valid, listed, whole=whole)
    for outcome in sorted(unlisted, key=lambda one: (one.module, one.at_line)):
        print(f"\n{outcome.module}:{outcome.at_line} survived {outcome.operator}")
        print(f"  - {outcome.line}\n  + {outcome.becomes}")
    words = ("mutants", "killed", "(by time)", "listed", "survived", "cpu s")
    print(f"\n{'module':28}" + "".join(f"{word:>10}" for word in words))
    modules = sorted({outcome.module for outcome in valid})
    for name in [*modules, "all"]:
        these = [outcome for outcome in valid if name in (outcome.module, "all")]
        states = Counter(outcome.state for outcome in these)
        alive = sum(name in (outcome.module, "all") for outcome in unlisted)
        killed = len(these) - states[SURVIVED]
        cpu_s = sum(outcome.cpu_s for outcome in these)
        numbers = (len(these), killed, states[TIMEOUT], states[SURVIVED] - alive, alive, round(cpu_s))
        print(f"{name:28}" + "".join(f"{number:10}" for number in numbers))
    print(f"{len(outcomes) - len(valid)} changed texts are not Python or the same program and do not count")
    print(f"{seconds:.0f} s in all")
    for line in wrong:
        print(f"{LIST}: {line}")
    if not valid:
        print("the mutation test itself failed, nothing is known: no change is a mutant")
        return 2
    return 1 if unlisted or wrong else 0


def fail(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """End with 2, not with Python's 1, when the harness has a bug: 1 means that a mutant survived."""
    traceback.print_exception(kind, error, trace)
    sys.stderr.flush()
    os._exit(2)


if __name__ == "__main__":
    sys.excepthook = fail
    sys.exit(main())
