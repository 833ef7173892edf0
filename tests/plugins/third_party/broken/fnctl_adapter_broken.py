"""An adapter whose own dependency is missing."""

import a_package_that_nobody_installed  # type: ignore[import-not-found]  # noqa: F401
