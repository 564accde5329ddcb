"""The demo: a simulated dryer line, a supervisor that takes it to the optimum, and a report. No hardware, no network."""
