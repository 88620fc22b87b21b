"""Privacy: what a person may ask of the data that we hold about them, and how they withdraw."""
