"""The figures that both sides steer by: counts, sums, and a formula for each."""
