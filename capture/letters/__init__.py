"""Letters: what is said to visitors, clients and the agency, one function per letter."""
