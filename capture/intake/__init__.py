"""Takes leads: one submission, or a table of them; and judges again what was corrected by hand."""
