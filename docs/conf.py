"""How the pages are made: `make docs` writes them to `build/docs`, without a network."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extensions"))


import quasar_index

project = "quasar-index"
author = "the authors of quasar-index"
copyright = "the authors of quasar-index"  # noqa: A001 - the name that Sphinx reads
release = version = quasar_index.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "from_code",
]
exclude_patterns = ["figures", "extensions"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
# Methods that scikit-learn makes, whose texts refer to its own pages.
MADE_BY_SCIKIT_LEARN = "set_fit_request, set_predict_request, set_score_request"
autodoc_default_options = {
    "members": True, "show-inheritance": False, "exclude-members": MADE_BY_SCIKIT_LEARN,
}  # fmt: skip
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True
smartquotes = False  # `--option` stays two hyphens
default_role = "public"  # of `from_code`: a link where the name is public, else code
napoleon_use_ivar = True
napoleon_use_rtype = False
nitpicky = True
# Types stand in signatures as they are written; those that are no public names have no page to lead to.
nitpick_ignore_regex = [(r"py:.*", r".*")]

html_theme = "furo"
html_title = f"quasar-index {release}"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_show_sphinx = False
html_copy_source = False
pygments_style = "friendly"
pygments_dark_style = "github-dark"
