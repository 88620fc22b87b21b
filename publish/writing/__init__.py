"""What writers write: the heads of posts, the outline of their texts, and the rules they keep.

Knows nothing of Pelican, so that `gatepost check` needs no build; the build asks the same rules.
"""
