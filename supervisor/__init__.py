"""The shell: owns the clock, the sockets, the database, the processes and the pages."""
