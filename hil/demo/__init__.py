"""The demo: a simulated dryer line, a supervisor that takes it to its optimum, a report. No hardware, no network."""
