"""The compiler of structured text: what it works out, what it refuses, and what it stops at."""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess
from pathlib import Path

import pytest

from hil.compiled.language import StructuredTextError
from hil.compiled.native import CompileError, Library, PlcFaultError
from hil.compiled.reader import read
from hil.compiled.translate import translate
from tests.hil.conftest import ST

DECLARED = """
  VAR_INPUT
    U : UDINT; U2 : UDINT; I : INT; I2 : INT; D : DINT; W : WORD; DW : DWORD; B : BOOL; B2 : BOOL; R : REAL; R2 : REAL;
    A : ARRAY [2..4] OF INT;
  END_VAR
  VAR_OUTPUT OU : UDINT; OI : INT; OD : DINT; OW : WORD; ODW : DWORD; OB : BOOL; OR_ : REAL; OT : TIME; END_VAR
  VAR T1 : TON; J : INT; END_VAR
"""


def run(folder: Path, body: str, functions: str = "", now_us: int = 0, **inputs: float) -> ctypes.Structure:
    library = Library.compiled(f"{functions} FUNCTION_BLOCK FB {DECLARED} {body} END_FUNCTION_BLOCK", folder)
    memory = library.layout("FB")()
    library.start(memory)
    for name, value in inputs.items():
        setattr(memory, name, value)
    library.run(memory, now_us)
    return memory


@pytest.mark.parametrize(
    ("body", "inputs", "output", "wanted"),
    [
        ("OU := U - U2;", {"U": 1, "U2": 3}, "OU", 2**32 - 2),  # unsigned goes on over its end
        ("OU := U * UDINT#65536 + U2;", {"U": 65537, "U2": 5}, "OU", 65541),
        ("OU := U / U2 + U MOD U2;", {"U": 17, "U2": 5}, "OU", 5),
        ("OI := I / I2;", {"I": -7, "I2": 2}, "OI", -3),  # towards zero, IEC 61131-3 table 24
        ("OI := I MOD I2;", {"I": -7, "I2": 2}, "OI", -1),
        ("OI := 2 + 3 * 4 - -1;", {}, "OI", 15),
        ("OI := (2 + 3) * 4;", {}, "OI", 20),
        ("OB := B OR B2 AND FALSE;", {"B": 1, "B2": 1}, "OB", 1),
        ("OB := B XOR B2 AND FALSE;", {"B": 1, "B2": 1}, "OB", 1),
        ("OB := NOT B AND B2;", {"B": 0, "B2": 1}, "OB", 1),
        ("OB := I < I2 = TRUE;", {"I": 1, "I2": 2}, "OB", 1),
        ("OW := SHR(W, 4) XOR WORD#16#A001;", {"W": 0xFFFF}, "OW", 0xAFFE),
        ("OW := SHL(W, 4);", {"W": 0xF00F}, "OW", 0x00F0),
        ("OW := NOT W;", {"W": 0x00FF}, "OW", 0xFF00),
        ("OW := BYTE_TO_WORD(DWORD_TO_BYTE(DW));", {"DW": 0x123456}, "OW", 0x56),
        ("ODW := UDINT_TO_DWORD(U) OR DINT_TO_DWORD(D);", {"U": 1, "D": -16}, "ODW", 0xFFFFFFF1),
        ("OD := REAL_TO_DINT(R);", {"R": -8388607.0}, "OD", -8388607),
        ("OR_ := R + R2;", {"R": 16777216.0, "R2": 1.0}, "OR_", 16777216.0),  # single precision
        ("OR_ := MAX(MIN(R, R2), ABS(-R)) / REAL#2.0;",
         {"R": 3.0, "R2": 9.0}, "OR_", 1.5),
        ("OI := MAX(I, I2) - MIN(I, I2) + ABS(I);", {"I": -5, "I2": 2}, "OI", 12),
        ("OB := R >= REAL#0.0;", {"R": math.nan}, "OB", 0),
        ("OB := R <> R;", {"R": math.nan}, "OB", 1),
        ("FOR J := 2 TO 4 DO A[J] := J * J; END_FOR; OI := A[2] + A[3] + A[4];", {}, "OI", 29),
        ("FOR J := 4 TO 2 DO OI := 1; END_FOR;", {}, "OI", 0),
        ("WHILE I > 0 DO I := I - 1; OI := OI + 2; END_WHILE;", {"I": 5}, "OI", 10),
        ("IF I = 1 THEN OI := 10; ELSIF I = 2 THEN OI := 20; ELSE OI := 30; END_IF;", {"I": 2}, "OI", 20),
        ("OI := 1; IF B THEN RETURN; END_IF; OI := 2;", {"B": 1}, "OI", 1),
        ("T1(IN := TRUE, PT := T#90s); OT := T1.ET; OB := T1.Q;", {}, "OT", 0),
        ("OI := 7; (* OI := 8; *) (* over\n two lines *)", {}, "OI", 7),
        ("oi := i;", {"I": 4}, "OI", 4),  # the language has no case
    ],
)  # fmt: skip
def test_it_works_out_what_the_standard_says(
    tmp_path: Path, body: str, inputs: dict[str, float], output: str, wanted: float
) -> None:
    assert getattr(run(tmp_path, body, **inputs), output) == wanted


def test_a_function_begins_anew_at_each_call(tmp_path: Path) -> None:
    function = (
        "FUNCTION TWICE : INT VAR_INPUT X : INT; END_VAR VAR S : INT; END_VAR S := S + X; TWICE := 2 * S; END_FUNCTION"
    )
    assert run(tmp_path, "OI := TWICE(I) + TWICE(TWICE(1));", function, I=3).OI == 10


def test_a_timer_is_true_when_its_time_has_passed_and_not_before(tmp_path: Path) -> None:
    body = "T1(IN := B, PT := T#2s); OB := T1.Q; OT := T1.ET;"
    library = Library.compiled(f"FUNCTION_BLOCK FB {DECLARED} {body} END_FUNCTION_BLOCK", tmp_path)
    memory = library.layout("FB")()
    library.start(memory)
    seen = []
    for now_us, on in ((0, 1), (1_999_999, 1), (2_000_000, 1), (9_000_000, 1), (9_000_001, 0), (9_500_000, 1)):
        memory.B = on
        library.run(memory, now_us)
        seen.append((memory.OB, memory.OT))
    assert seen == [(0, 0), (0, 1_999_999), (1, 2_000_000), (1, 2_000_000), (0, 0), (0, 0)]


@pytest.mark.parametrize(
    ("body", "inputs", "why"),
    [
        ("\nA[I] := 1;", {"I": 5}, "line 9: index out of range"),
        ("OI := A[I];", {"I": 1}, "index out of range"),
        ("OI := I + I2;", {"I": 32767, "I2": 1}, "integer overflow"),
        ("OI := -I;", {"I": -32768}, "integer overflow"),
        ("OI := I / I2;", {"I": 1}, "division by zero"),
        ("OU := U MOD U2;", {"U": 1}, "division by zero"),
        ("OR_ := R / R2;", {"R": 1.0}, "division by zero"),
        ("OD := REAL_TO_DINT(R);", {"R": 0.5}, "fraction"),
        ("OD := REAL_TO_DINT(R);", {"R": 3e9}, "out of range of DINT"),
        ("OD := REAL_TO_DINT(R);", {"R": math.nan}, "out of range of DINT"),
        ("ODW := SHR(DW, I);", {"I": 32}, "shift out of range"),
        ("WHILE TRUE DO OI := 1; END_WHILE;", {}, "loop without end"),
        ("OB := B AND (A[I] = 1);", {"B": 0, "I": 9}, "index out of range"),  # AND may look at both sides
    ],
)
def test_it_stops_where_controllers_stop_or_differ(
    tmp_path: Path, body: str, inputs: dict[str, float], why: str
) -> None:
    with pytest.raises(PlcFaultError, match=why):
        run(tmp_path, body, **inputs)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("OI := NOWHERE;", "NOWHERE is not declared"),
        ("OI := U;", "INT expected, not UDINT"),
        ("OI := REAL#1.0;", "INT expected, not REAL"),
        ("OR_ := 1;", "1 is no REAL"),
        ("OI := 40000;", "40000 is no INT"),
        ("OU := -1;", "-1 is no UDINT"),
        ("OB := I + 1;", "BOOL expected"),
        ("OB := U > I;", "UDINT expected, not INT"),
        ("OB := DW > DWORD#1;", "bits have no order"),
        ("ODW := DW + DWORD#1;", "does not go with DWORD"),
        ("OU := U AND U2;", "does not go with UDINT"),
        ("OI := A;", "not used as what it is declared"),
        ("OI := I[1];", "not used as what it is declared"),
        ("IF I THEN OI := 1; END_IF;", "BOOL expected"),
        ("OI := T1.X;", "no output"),
        ("I(IN := TRUE);", "no TON"),
        ("T1(WHEN := TRUE);", "TON has the inputs"),
        ("OI := ABS(B);", "a number expected"),
        ("OI := SQRT(I);", "SQRT"),
        ("ODW := REAL_TO_DWORD(R);", "means something else at each vendor"),
        ("OU := DWORD_TO_UDINT(R);", "no function"),
        ("OB := NOT R;", "NOT takes"),
        ("OU := -U;", "no minus"),
        ("FOR R := 1 TO 2 DO OI := 1; END_FOR;", "counts an integer"),
        ("OI = 1;", "expected"),
        ("OI := 1", "expected"),
        ("OI := REAL#1;", "a REAL has a point"),
        ("OI := INT#1.5;", "a fraction is REAL"),
        ("OI := I ? 1;", "not a word"),
        ("// OI := 1;", "expected"),
        ("IF B THEN OI := 1;", "expected"),
        ("OI := IF;", "a name expected"),
    ],
)
def test_it_refuses_what_not_every_controller_takes(body: str, why: str) -> None:
    with pytest.raises(StructuredTextError, match=why):
        translate(read(f"FUNCTION_BLOCK FB {DECLARED} {body} END_FUNCTION_BLOCK"))


@pytest.mark.parametrize(
    "declared", ["X : INT; X : REAL;", "X : NOTHING;", "X : ARRAY [A..B] OF INT;", "X : ARRAY [0..1] OF TON;", "X INT;"]
)
def test_it_refuses_a_declaration_that_cannot_be(declared: str) -> None:
    with pytest.raises(StructuredTextError):
        translate(read(f"FUNCTION_BLOCK FB VAR {declared} END_VAR END_FUNCTION_BLOCK"))


def test_what_is_retained_is_known(library: Library) -> None:
    assert library.retained("SETWISE_APC") == ("EPOCH_HIGH", "BOOT_COUNT", "LAST_OPERATOR", "KNOWN")


def test_without_a_c_compiler_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CompileError, match="no C compiler"):
        Library.compiled("FUNCTION_BLOCK FB END_FUNCTION_BLOCK", tmp_path)


def test_the_block_in_c_draws_no_warning(tmp_path: Path) -> None:
    source = tmp_path / "block.c"
    source.write_text(translate(read(ST.read_text(encoding="utf-8"))), encoding="utf-8")
    compiler = shutil.which("cc") or "gcc"
    command = [compiler, "-std=c11", "-Wall", "-Wextra", "-Wno-unused-function", "-fsyntax-only", source]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stderr == ""
