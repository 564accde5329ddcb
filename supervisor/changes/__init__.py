"""Management of change: every version of the plant file that ran, plans for the next one, and the way back."""
