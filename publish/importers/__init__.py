"""Takes posts, pages and pictures over from Ghost, Hugo and WordPress."""
