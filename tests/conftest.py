"""What all tests share: how hypothesis runs them, their order, tiny models and probes."""

from hypothesis import settings

# A busy machine is no failure of the code; and what fails once must fail again.
settings.register_profile("suite", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("suite")

pytest_plugins = ("tiny_models", "tiny_probes")


def pytest_collection_modifyitems(items):
    """Run tests last that leave threads behind in this process: a fork of it could hang."""
    items.sort(key=lambda item: item.get_closest_marker("leaves_threads") is not None)
