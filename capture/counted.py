"""Numbers with their noun, as people read them."""


def counted(number: int, one: str, many: str = "") -> str:
    """`1 lead`, `2 leads`, `1,000 leads`; `many` where the plural is more than an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
