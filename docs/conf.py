"""How the documentation is built: `sphinx-build -W docs build/docs`; nothing is fetched from the network."""

from potrun import __version__

project = "potrun"
author = "The potrun developers"
version = release = __version__

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
myst_heading_anchors = 3
# Files of the repository that are no pages are linked from pages, for those who read them in the repository.
suppress_warnings = ["myst.xref_missing", "myst.header"]

autodoc_typehints = "none"  # the docstrings tell types with shapes and units
numpydoc_show_class_members = False

html_theme = "alabaster"
html_theme_options = {"description": "Lunar surface potential from Lunar Prospector electrons", "page_width": "1100px"}
html_sidebars = {"**": ["about.html", "navigation.html", "searchbox.html"]}
