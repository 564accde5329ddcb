"""What happened, cycle by cycle: packed rows for replay, roll-ups for trends. Nothing heavy is loaded here."""
