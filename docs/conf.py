import re

import skspec

project = "skspec"
author = "The skspec developers"
copyright = author
version = release = skspec.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
]
templates_path = ["templates"]
exclude_patterns = ["_build", "templates"]

# Single backticks link to what is known by that name, and are plain code otherwise.
default_role = "obj"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 2

autosummary_generate = True
autodoc_typehints = "none"  # types stand in the docstrings
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

html_theme = "pydata_sphinx_theme"
html_title = f"skspec {release}"
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": False,
}


def skip_member(app, what, name, member, skip, options):
    """Leave out what comes from scikit-learn: its docstrings refer to its own manual."""
    inherited = str(getattr(member, "__module__", "")).startswith("sklearn.")
    return True if inherited or re.fullmatch(r"set_\w+_request", name) else None


def setup(app):
    """Connect the handlers."""
    app.connect("autodoc-skip-member", skip_member)
