"""What a build keeps for the next one."""

from pathlib import Path

from publish.build.build_store import OF_ONE_BUILD, BuildStore, Changes, TextRow


def test_after_a_build_that_did_not_end_the_texts_are_not_of_one_build(tmp_path: Path) -> None:
    """Else the neighbours of its texts would be taken for those of the site."""
    path, row = tmp_path / "site.sqlite", TextRow(b"digest", b"core", b"fields", b"content")
    store = BuildStore(path)
    store.save(Changes(b"engine", {OF_ONE_BUILD: b"engine"}, {}, {"posts/a.md": row}, {}, {}))
    store.close()

    store = BuildStore(path)
    assert store.facts() == {OF_ONE_BUILD: b"engine"}
    store.add_texts(b"engine", {"posts/b.md": row})
    store.close()

    store = BuildStore(path)
    assert store.cores(b"engine") == {"posts/a.md": b"core", "posts/b.md": b"core"}
    assert OF_ONE_BUILD not in store.facts()
    store.close()
