"""The map of rooms in CONTRIBUTING.md has every room that exists, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("capture", "publish", "gatepost")


def rooms_in_the_map() -> list[str]:
    """The first cells of the table under "Map of rooms", in its order."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    section = re.search(r"^## Map of rooms$(.*?)^## ", text, re.DOTALL | re.MULTILINE)
    assert section is not None, "CONTRIBUTING.md: has no section `## Map of rooms`"
    cells = re.findall(r"^\| (.+?) \|", section[1], re.MULTILINE)
    return [room for cell in cells for room in re.findall(r"`([\w/]+(?:\.py)?)`", cell)]


def rooms_on_disk() -> set[str]:
    """Sub-packages and top-level modules of the three packages."""
    rooms = set()
    for package in PACKAGES:
        for entry in (ROOT / package).iterdir():
            is_module = entry.suffix == ".py" and entry.name != "__init__.py"
            if is_module or any(entry.glob("*.py")):
                rooms.add(f"{package}/{entry.name}")
    return rooms


def test_every_room_of_the_map_exists() -> None:
    missing = [room for room in rooms_in_the_map() if room not in rooms_on_disk()]
    assert missing == [], "CONTRIBUTING.md names rooms that do not exist; remove them from its map"


def test_every_room_is_on_the_map() -> None:
    missing = sorted(rooms_on_disk() - set(rooms_in_the_map()))
    assert missing == [], "CONTRIBUTING.md: its map lacks rooms that exist; add a row for each"


def test_no_room_is_on_the_map_twice() -> None:
    rooms = rooms_in_the_map()
    assert sorted(rooms) == sorted(set(rooms))
