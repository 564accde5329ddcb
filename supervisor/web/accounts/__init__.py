"""Who may come in: persons, their passwords, sessions and tokens, and the record of what became of them."""
