"""The ``setwise`` command, also as ``python -m supervisor``."""

from __future__ import annotations

from supervisor.names import refuse_collisions


def main() -> None:
    """Refuse to run beside a package that took one of our names, then run the command line."""
    refuse_collisions()
    # Only now: the command line imports what may be a stranger's.
    from supervisor.cli.app import app  # noqa: PLC0415

    app()


if __name__ == "__main__":
    main()
