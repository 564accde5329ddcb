"""docs/plc/SETWISE_APC.st against the emulator: the same words always; the same behaviour where matiec is at hand.

The second half compiles the ST with matiec (iec2c, GPL, github.com/nucleron/matiec) and runs both side by side on
random registers. Set MATIEC to the folder with ``iec2c`` and ``lib``, then ``pytest -m matiec``.
"""

from __future__ import annotations

import ctypes
import math
import os
import random
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from hil.cascade import LoopRule, LoopView
from hil.plants.pid import Mode
from hil.plc import CLOSED_LOOP, EPOCH_STEP_MAX, PlcRule, first_state, restarted, scan
from hil.registers import ANSWERED, WRITTEN, Reject, Written, crc16, set_crc
from safety.signals import ShedAction

SOURCE = Path(__file__).parents[2] / "docs" / "plc" / "SETWISE_APC.st"
TEXT = SOURCE.read_text(encoding="utf-8")
ST_TYPES = {"uint32": ("UDINT", "DWORD"), "uint16": ("UINT", "WORD"), "float32": ("REAL",), "bool": ("BOOL",)}


@pytest.mark.parametrize("name", [*WRITTEN, *ANSWERED])
def test_every_register_of_the_contract_is_there_with_its_type(name: str) -> None:
    kind = {**WRITTEN, **ANSWERED}[name]
    declared = re.search(rf"^\s+{name}(?:_ACK)? : (\w+)", TEXT, re.MULTILINE)
    assert declared is not None
    assert declared[1] in ST_TYPES[kind]


def test_every_reject_code_is_given_and_no_other() -> None:
    assert {int(code) for code in re.findall(r"REJECT := UINT#(\d+)", TEXT)} == {int(code) for code in Reject}


def test_constants_are_those_of_the_emulator() -> None:
    assert f"<= UDINT#{EPOCH_STEP_MAX})" in TEXT
    assert f"MODE_REQ = UINT#{CLOSED_LOOP})" in TEXT
    assert f"PROBE : REAL := {PlcRule(loops=RULE.loops, shed_s=1.0).probe}" in TEXT


def test_crc_known_vector() -> None:
    assert crc16(b"123456789") == 0x4B37  # CRC-16/MODBUS in the catalogue of parametrised CRC algorithms


RULE = PlcRule(
    shed_s=30.0,
    loops=(
        LoopRule(name="a", lo=150.0, hi=205.0, up_per_min=6.0, down_per_min=12.0),
        LoopRule(
            name="b", lo=800.0, hi=4200.0, up_per_min=120.0, down_per_min=240.0, shed=ShedAction.LAST_OPERATOR,
            shed_per_min=600.0,
        ),
        LoopRule(
            name="c", lo=40.0, hi=100.0, up_per_min=6.0, down_per_min=12.0, shed=ShedAction.SAFE_VALUE, safe_value=60.0,
            shed_per_min=30.0,
        ),
        LoopRule(name="d", lo=0.0, hi=100.0, up_per_min=60.0, down_per_min=60.0, shed=ShedAction.TO_LOCAL),
    ),
)  # fmt: skip
COUNT = len(RULE.loops)
SHED = [ShedAction.HOLD, ShedAction.LAST_OPERATOR, ShedAction.SAFE_VALUE, ShedAction.TO_LOCAL]
MODES = [Mode.MAN, Mode.AUTO, Mode.CAS]
MAIN = """
PROGRAM MAIN VAR APC : SETWISE_APC; END_VAR APC(); END_PROGRAM
CONFIGURATION CFG RESOURCE RES ON PLC
TASK T1(INTERVAL := T#1s, PRIORITY := 0); PROGRAM P1 WITH T1 : MAIN; END_RESOURCE END_CONFIGURATION
"""
GLUE = """
#include <string.h>
#include "iec_std_lib.h"
#include "accessor.h"
#include "POUS.h"
TIME __CURRENT_TIME; BOOL __DEBUG;
#include "POUS.c"
typedef struct { unsigned hb, epoch, mode_req, seq, mask, crc, commit, remote; float sp[4];
  int mode[4]; float loop_sp[4], pv[4]; } In;
typedef struct { unsigned hb_echo, epoch_ack, seq_ack, reject, remote, clamped, boot_count, permitted, judged;
  int mode_order[4], cas_order[4], auto_order[4]; float cas_sp[4], auto_sp[4]; } Out;
static MAIN P; static double now_s;
#define A P.APC
static void fill(void) {
  float lo[] = {150, 800, 40, 0}, hi[] = {205, 4200, 100, 100}, up[] = {6, 120, 6, 60}, down[] = {12, 240, 12, 60};
  float pace[] = {0, 600, 30, 0};
  A.N.value = 4; A.SHED_TIME.value = (TIME){30, 0};
  for (int i = 0; i < 4; i++) {
    A.LO.value.table[i] = lo[i]; A.HI.value.table[i] = hi[i]; A.UP_PER_MIN.value.table[i] = up[i];
    A.DOWN_PER_MIN.value.table[i] = down[i]; A.SHED_OPTION.value.table[i] = i; A.SAFE_SP.value.table[i] = 60;
    A.SHED_PER_MIN.value.table[i] = pace[i]; A.LOOP_PV_OK.value.table[i] = 1; }
}
void boot(double at_s) { now_s = at_s; memset(&P, 0, sizeof P); MAIN_init__(&P, 0); fill(); }
void again(void) {
  UDINT high = A.EPOCH_HIGH.value, boots = A.BOOT_COUNT.value;
  __typeof__(A.LAST_OPERATOR) last = A.LAST_OPERATOR;
  memset(&P, 0, sizeof P); MAIN_init__(&P, 0); fill();
  A.EPOCH_HIGH.value = high; A.BOOT_COUNT.value = boots; A.LAST_OPERATOR = last; A.KNOWN.value = 1;
}
void step(const In *in, Out *out, double elapsed_s) {
  now_s += elapsed_s;
  __CURRENT_TIME.tv_sec = (long)now_s; __CURRENT_TIME.tv_nsec = (long)((now_s - (long)now_s) * 1e9);
  A.SCAN_S.value = (float)elapsed_s;
  A.HB.value = in->hb; A.EPOCH.value = in->epoch; A.MODE_REQ.value = in->mode_req; A.SEQ.value = in->seq;
  A.MASK.value = in->mask; A.CRC.value = in->crc; A.COMMIT.value = in->commit; A.REMOTE_SWITCH.value = in->remote;
  for (int i = 0; i < 4; i++) { A.SP.value.table[i] = in->sp[i]; A.LOOP_MODE.value.table[i] = in->mode[i];
    A.LOOP_SP.value.table[i] = in->loop_sp[i]; A.LOOP_PV.value.table[i] = in->pv[i]; }
  MAIN_body__(&P);
  out->hb_echo = A.HB_ECHO.value; out->epoch_ack = A.EPOCH_ACK.value; out->seq_ack = A.SEQ_ACK.value;
  out->reject = A.REJECT.value; out->remote = A.REMOTE.value; out->clamped = A.CLAMPED.value;
  out->boot_count = A.BOOT_COUNT_ACK.value; out->permitted = A.PERMITTED.value; out->judged = A.JUDGED.value;
  for (int i = 0; i < 4; i++) { out->mode_order[i] = A.MODE_ORDER.value.table[i];
    out->cas_order[i] = A.CAS_ORDER.value.table[i]; out->cas_sp[i] = A.CAS_SP.value.table[i];
    out->auto_order[i] = A.AUTO_ORDER.value.table[i]; out->auto_sp[i] = A.AUTO_SP.value.table[i]; }
}
"""
U, I4, F4 = ctypes.c_uint, ctypes.c_int * 4, ctypes.c_float * 4


class In(ctypes.Structure):
    _fields_ = [
        *((name, U) for name in ("hb", "epoch", "mode_req", "seq", "mask", "crc", "commit", "remote")),
        ("sp", F4), ("mode", I4), ("loop_sp", F4), ("pv", F4),
    ]  # fmt: skip


class Out(ctypes.Structure):
    _fields_ = [
        *((name, U) for name in ("hb_echo", "epoch_ack", "seq_ack", "reject", "remote", "clamped", "boot_count")),
        ("permitted", U), ("judged", U), ("mode_order", I4), ("cas_order", I4), ("auto_order", I4), ("cas_sp", F4),
        ("auto_sp", F4),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def block(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = Path(os.environ["MATIEC"])
    work = tmp_path_factory.mktemp("st")
    (work / "all.st").write_text(TEXT + MAIN, encoding="utf-8")
    (work / "glue.c").write_text(GLUE, encoding="utf-8")
    subprocess.run([folder / "iec2c", "-p", "-I", folder / "lib", "-T", work, work / "all.st"], check=True)
    library = work / "block.so"
    compile_it = [
        "gcc",
        "-w",
        "-shared",
        "-fPIC",
        "-O1",
        f"-I{folder}/lib/C",
        f"-I{work}",
        "-o",
        library,
        work / "glue.c",
    ]
    subprocess.run(compile_it, check=True)
    return ctypes.CDLL(str(library))


@pytest.mark.matiec
@pytest.mark.parametrize("seed", range(40))
def test_the_compiled_text_does_what_the_emulator_does(block: ctypes.CDLL, seed: int) -> None:  # noqa: PLR0912
    dice = random.Random(seed)
    modes, setpoints, measured = [Mode.AUTO] * COUNT, [180.0, 2850.0, 75.0, 30.0], [178.5, 2800.0, 74.0, 29.0]
    written, remote, now_s, beats = Written(sp=(0.0,) * COUNT), True, 1000.0, 0
    state = first_state([LoopView(*v) for v in zip(modes, setpoints, measured, strict=True)], now_s)
    block.boot(ctypes.c_double(now_s))
    accepted = sheds = 0
    for turn in range(400):
        act = dice.random() if turn else 1.0  # the ST counts its start in its first scan
        if act < 0.35:
            beats += 1
            epoch = state.epoch + (1 if state.epoch <= state.barred_epoch or dice.random() < 0.05 else 0)
            written = replace(written, hb=(7 << 16 | beats & 0xFFFF), epoch=epoch, mode_req=3)
        elif act < 0.75:
            sp = tuple(
                round((m.cascade + dice.choice([-2, -0.5, 0.25, 0.5, 1, 40]) * rule.up_per_min / 8) * 8) / 8
                for m, rule in zip(state.loops, RULE.loops, strict=True)
            )
            seq, mask = (
                (state.seq + dice.choice([1, 1, 1, 1, 1, 0, 2])) % 2**32,
                dice.choice([1, 2, 3, 5, 8, 15, 15, 16]),
            )
            crc = set_crc(state.epoch, seq, mask, sp) ^ dice.choice([0, 0, 0, 0, 0, 1])
            written = replace(written, epoch=state.epoch, seq=seq, mask=mask, crc=crc, sp=sp, commit=seq)
        elif act < 0.79:
            name = dice.choice(["hb", "epoch", "seq", "commit", "mask"])
            written = replace(written, **{name: dice.choice([0, 1, 70_000, 2**32 - 1, dice.getrandbits(32)])})
        elif act < 0.82:
            written = replace(written, sp=(math.nan, math.inf, 75.0, 30.0), mode_req=dice.choice([0, 2, 3, 65535]))
        elif act < 0.86:
            remote = dice.random() < 0.7
        elif act < 0.92:
            index = dice.randrange(COUNT)
            modes[index] = dice.choice(MODES)
            if modes[index] is Mode.AUTO:
                setpoints[index] = round(setpoints[index] * 8 + dice.choice([-4, 4])) / 8
        elif act < 0.93:
            state, written = restarted(state, now_s), Written(sp=(0.0,) * COUNT)
            block.again()
        elapsed_s = dice.choice([1.0, 1.0, 1.0, 2.0, 5.0]) if dice.random() > 0.02 else 31.0
        now_s += elapsed_s
        views = [LoopView(*v) for v in zip(modes, setpoints, measured, strict=True)]
        result = scan(RULE, state, written, views, now_s, remote=remote)
        into = In(
            written.hb, written.epoch, written.mode_req, written.seq, written.mask, written.crc, written.commit, remote,
            F4(*written.sp), I4(*(MODES.index(m) for m in modes)), F4(*setpoints), F4(*measured),
        )  # fmt: skip
        out = Out()
        block.step(ctypes.byref(into), ctypes.byref(out), ctypes.c_double(elapsed_s))
        sheds += state.permitted and not result.state.permitted
        state = result.state
        answers = result.answers
        for name in ("hb_echo", "epoch_ack", "seq_ack", "reject", "remote", "clamped", "boot_count"):
            assert getattr(out, name) == getattr(answers, name), name
        assert bool(out.permitted) is state.permitted
        assert bool(out.judged) is (result.evaluation is not None)
        accepted += result.evaluation is not None and result.evaluation.reject is Reject.NONE
        for index, order in enumerate(result.orders):
            wanted = -1 if order.mode is None else MODES.index(order.mode)
            assert out.mode_order[index] == wanted
            assert bool(out.cas_order[index]) is (order.cascade is not None)
            assert bool(out.auto_order[index]) is (order.operator is not None)
            if order.cascade is not None:
                assert out.cas_sp[index] == pytest.approx(order.cascade, rel=1e-6)
            if order.operator is not None:
                assert out.auto_sp[index] == pytest.approx(order.operator, rel=1e-6)
            if order.mode is not None and modes[index] is not Mode.MAN:
                modes[index] = order.mode
            if order.cascade is not None and modes[index] is Mode.CAS:
                setpoints[index] = order.cascade
            if order.operator is not None and modes[index] is Mode.AUTO:
                setpoints[index] = out.auto_sp[index]
    assert accepted  # it was not all refusals
    assert sheds
