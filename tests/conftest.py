"""What all tests share."""

import hypothesis

pytest_plugins = ["pytester"]

# No folder of found examples: the checkout may be read-only, and runs must not depend on the last.
hypothesis.settings.register_profile("harness", database=None, deadline=None)
hypothesis.settings.load_profile("harness")
