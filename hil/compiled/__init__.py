"""The PLC's block as its own text says it: IEC 61131-3 structured text, checked, compiled and run on the bench.

``hil.plc`` was written beside ``docs/plc/SETWISE_APC.st`` and could differ from it. Here the text itself runs:
``reader`` parses it, ``translate`` checks its types and puts it into C, ``native`` compiles that and calls it,
``block`` wires it to the bench as ``hil.plc.EmulatedBlock`` is. The language is what the second edition of the standard
and the common vendors share, and stricter than any of them: no conversion by itself, and what one controller does in
another way than the next (an index out of range, a signed overflow, a division by zero, a fraction made an integer) is
a fault. It needs a C compiler on the machine. The bench runs the emulator unless it is given this.
"""
