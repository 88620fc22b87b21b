"""Key figures of campaigns: counts, sums, formulas and grouping."""
