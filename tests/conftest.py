"""The order of the tests."""


def pytest_collection_modifyitems(items):
    """Files with slow tests come first, quick ones last, so that no worker waits for the other's last file."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path not in slow, "unit" in item.path.parts))
