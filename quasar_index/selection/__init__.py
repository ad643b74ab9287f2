"""Anchor subset selection: how few anchors, and which; one method a file."""
