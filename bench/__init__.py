"""Side-by-side measurements. Never part of the test run."""
