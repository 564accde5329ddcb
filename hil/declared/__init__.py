"""A bench for any checked plant file: its own models as the process, behind every address that it names."""
