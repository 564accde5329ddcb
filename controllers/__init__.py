"""How good setpoints are chosen. Pure: an estimate and limits in, a plan out."""
