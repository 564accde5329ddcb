"""Make the library that the PLC's tests run on by another compiler than ours, and so check ours by theirs.

    python tools/plc_library.py matiec FOLDER OUT      FOLDER: a built matiec (iec2c and lib/)
    python tools/plc_library.py strucpp FOLDER OUT     FOLDER: a built STruC++ (dist/, libs/ and src/runtime/)
    SETWISE_PLC_LIBRARY=OUT pytest tests/hil/test_plc*.py tests/hil/test_shed.py tests/hil/test_structured_text.py

No package registry has either; both are free (GPL) and are only run here. Each turns docs/plc/SETWISE_APC.st into C or
C++ of its own; around it goes a little glue that copies the block's variables in before a call and out after it. One
instance per library; the timer stays theirs. See docs/plc/README.md, "How the block was checked".
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

from hil.compiled.language import ArrayOf, Kind, Unit, Variable
from hil.compiled.operations import C_TYPES
from hil.compiled.reader import read

ROOT = Path(__file__).resolve().parents[1]
MAIN = """
PROGRAM MAIN VAR APC : SETWISE_APC; END_VAR APC(); END_PROGRAM
CONFIGURATION CFG RESOURCE RES ON PLC
TASK T1(INTERVAL := T#1s, PRIORITY := 0); PROGRAM P1 WITH T1 : MAIN; END_RESOURCE END_CONFIGURATION
"""
FACE = """
typedef struct { uint8_t IN; int64_t PT; uint8_t Q; int64_t ET; uint8_t running; int64_t start; } FaceTon;
typedef struct {
%(fields)s
} Face;
"""
CALLS = """
%(linkage)s int st_fault(const char **what) { *what = ""; return 0; }
%(linkage)s int SETWISE_APC_size(void) { return (int)sizeof(Face); }
static void take(const Face *face) {
%(into)s
}
static void give(Face *face) {
%(out)s
}
%(linkage)s void SETWISE_APC_start(Face *face) { %(start)s memset(face, 0, sizeof *face); give(face); }
%(linkage)s void SETWISE_APC_run(Face *face, int64_t now) { take(face); %(run)s give(face); }
"""
MATIEC = """
#include <stdint.h>
#include <string.h>
#include "iec_std_lib.h"
#include "accessor.h"
#include "POUS.h"
TIME __CURRENT_TIME; BOOL __DEBUG;
#include "POUS.c"
static MAIN P;
#define A P.APC
"""
MATIEC_START = "memset(&P, 0, sizeof P); MAIN_init__(&P, 0);"
MATIEC_RUN = "__CURRENT_TIME.tv_sec = now / 1000000; __CURRENT_TIME.tv_nsec = now % 1000000 * 1000; MAIN_body__(&P);"
STRUCPP = """
#include <cstdint>
#include <cstring>
#include <new>
#include "apc.hpp"
using namespace strucpp;
static strucpp::SETWISE_APC A;
"""
STRUCPP_START = "A.~SETWISE_APC(); new (&A) strucpp::SETWISE_APC();"
STRUCPP_RUN = "strucpp::__CURRENT_TIME_NS = now * 1000; A();"


def field(variable: Variable) -> str:
    """Return a variable as a member of the plain structure."""
    match variable.type:
        case ArrayOf(lo, hi, kind):
            return f"{C_TYPES[kind]} {variable.name}[{hi - lo + 1}];"
        case Kind() as kind:
            return f"{C_TYPES[kind]} {variable.name};"
    return f"FaceTon {variable.name};"


def glue(unit: Unit, kind: str) -> str:
    """Return the C or C++ between the plain structure and the compiler's own."""
    into, out = [], []
    value, table = (".value", ".value.table") if kind == "matiec" else ("", "")
    for variable in unit.variables:
        name = variable.name
        match variable.type:
            case ArrayOf(lo, hi):
                loop = f"for (int i = 0; i <= {hi - lo}; i++)"
                into.append(f"{loop} A.{name}{table}[i] = face->{name}[i];")
                out.append(f"{loop} face->{name}[i] = A.{name}{table}[i];")
            case Kind.TIME if kind == "matiec":
                into.append(f"A.{name}.value = (TIME){{face->{name} / 1000000, face->{name} % 1000000 * 1000}};")
                out.append(f"face->{name} = A.{name}.value.tv_sec * 1000000LL + A.{name}.value.tv_nsec / 1000;")
            case Kind.TIME:
                into.append(f"A.{name} = face->{name} * 1000;")
                out.append(f"face->{name} = (int64_t)A.{name} / 1000;")
            case Kind():
                into.append(f"A.{name}{value} = face->{name};")
                out.append(f"face->{name} = A.{name}{value};")
            case _ if kind == "matiec":
                time = f"A.{name}.START_TIME.value"
                out.append(f"face->{name}.start = {time}.tv_sec * 1000000LL + {time}.tv_nsec / 1000;")
            case _:
                out.append(f"face->{name}.start = (int64_t)A.{name}.START_TIME / 1000;")
    matiec = kind == "matiec"
    face = FACE % {"fields": "\n".join(field(variable) for variable in unit.variables)}
    calls = CALLS % {
        "linkage": "" if matiec else 'extern "C"',
        "into": "\n".join(into),
        "out": "\n".join(out),
        "start": MATIEC_START if matiec else STRUCPP_START,
        "run": MATIEC_RUN if matiec else STRUCPP_RUN,
    }
    return (MATIEC if matiec else STRUCPP) + face + calls


def run(*command: object) -> None:
    """Run a program; its refusal ends this one."""
    subprocess.run([str(word) for word in command], check=True)


def main() -> None:
    """Build the library."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["matiec", "strucpp"])
    parser.add_argument("folder", type=Path, help="where the compiler was built")
    parser.add_argument("out", type=Path, help="the library to write")
    given = parser.parse_args()
    folder, out = given.folder.resolve(), given.out.resolve()
    text = (ROOT / "docs" / "plc" / "SETWISE_APC.st").read_text(encoding="utf-8")
    unit = next(unit for unit in read(text) if unit.name == "SETWISE_APC")
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        (work / "all.st").write_text(text + MAIN, encoding="utf-8")
        shared = ("-w", "-O1", "-shared", "-fPIC", f"-I{work}", "-o", out)
        if given.kind == "matiec":
            run(folder / "iec2c", "-p", "-I", folder / "lib", "-T", work, work / "all.st")
            (work / "glue.c").write_text(glue(unit, given.kind), encoding="utf-8")
            run("gcc", *shared, f"-I{folder}/lib/C", work / "glue.c", "-lm")
        else:
            run("node", folder / "dist/node/cli.js", work / "all.st", "-o", work / "apc.cpp")
            (work / "glue.cpp").write_text(glue(unit, given.kind), encoding="utf-8")
            run("g++", "-std=c++17", *shared, f"-I{folder}/src/runtime/include", work / "apc.cpp", work / "glue.cpp")


if __name__ == "__main__":
    main()
