"""What engineers declare: the plant file and every limit, constraint, price and schedule in it, as numbers."""
