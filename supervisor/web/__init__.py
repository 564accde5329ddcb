"""Pages and API: they read the records and put requests in the mailbox. No way to a driver or to the cycle."""
