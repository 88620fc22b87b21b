"""Makes the form of a campaign: the same class draws the page and checks what was posted."""
