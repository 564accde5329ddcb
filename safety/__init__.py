"""What may reach the plant: small, pure, synchronous, standard library only.

1. An operator, and the PLC by itself, can always take control back.
2. No setpoint ever leaves its box, moves faster than its rate, or reaches a PLC without a durable record of why.
"""
