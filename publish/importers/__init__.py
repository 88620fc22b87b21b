"""Imports posts, pages and pictures from Ghost, Hugo and WordPress."""
