"""What writers write: front matter, the outline of a text, and the rules about them."""
