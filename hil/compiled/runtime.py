"""The C that stands around a translated text: checked operations, and the standard function block it uses.

A fault is what controllers do in different ways, or what stops them; the first one of a call is kept with its line.
"""

from __future__ import annotations

TURNS_MAX = 100_000
"""More turns of one loop than this in one call would trip a PLC's watchdog."""

HEAD = f"""\
#include <math.h>
#include <stdint.h>
static int st_fault_line;
static const char *st_fault_what;
int st_fault(const char **what) {{
  int line = st_fault_line;
  *what = st_fault_what;
  st_fault_line = 0;
  return line;
}}
static void st_stop(int line, const char *what) {{
  if (!st_fault_line) {{ st_fault_line = line; st_fault_what = what; }}
}}
static int64_t st_at(int64_t at, int64_t lo, int64_t hi, int line) {{
  if (at < lo || at > hi) {{ st_stop(line, "index out of range"); return 0; }}
  return at - lo;
}}
static int64_t st_fit(int64_t value, int64_t lo, int64_t hi, int line) {{
  if (value < lo || value > hi) {{ st_stop(line, "integer overflow"); return lo; }}
  return value;
}}
static int64_t st_idiv(int64_t a, int64_t b, int line) {{
  if (b == 0) {{ st_stop(line, "division by zero"); return 0; }}
  return a / b;
}}
static int64_t st_mod(int64_t a, int64_t b, int line) {{
  if (b == 0) {{ st_stop(line, "division by zero"); return 0; }}
  return a % b;
}}
static float st_fdiv(float a, float b, int line) {{
  if (b == 0.0f) {{ st_stop(line, "division by zero"); return 0.0f; }}
  return a / b;
}}
static int st_by(int64_t by, int bits, int line) {{
  if (by < 0 || by >= bits) {{ st_stop(line, "shift out of range"); return 0; }}
  return (int)by;
}}
static int64_t st_whole(float value, int line) {{
  if (!(fabsf(value) < 2147483648.0f)) {{ st_stop(line, "REAL out of range of DINT"); return 0; }}
  if (rintf(value) != value) st_stop(line, "REAL with a fraction made a DINT: rounded here, cut there");
  return (int64_t)value;
}}
static int st_turn(int *turns, int line) {{
  if (++*turns <= {TURNS_MAX}) return 1;
  st_stop(line, "loop without end");
  return 0;
}}
static float st_fmin(float a, float b) {{ return b < a ? b : a; }}
static float st_fmax(float a, float b) {{ return b > a ? b : a; }}
static int64_t st_min(int64_t a, int64_t b) {{ return b < a ? b : a; }}
static int64_t st_max(int64_t a, int64_t b) {{ return b > a ? b : a; }}
static int64_t st_abs(int64_t a) {{ return a < 0 ? -a : a; }}
/* TON, IEC 61131-3:2003 table 38: Q is true PT after IN has become true, as long as IN stays so. */
typedef struct {{ uint8_t IN; int64_t PT; uint8_t Q; int64_t ET; uint8_t running; int64_t start; }} TON;
static void TON_run(TON *self, int64_t now) {{
  if (!self->IN) {{ self->Q = 0; self->ET = 0; self->running = 0; return; }}
  if (!self->running) {{ self->running = 1; self->start = now; }}
  self->ET = now - self->start;
  self->Q = self->ET >= self->PT;
  if (self->Q) self->ET = self->PT;
}}
"""
