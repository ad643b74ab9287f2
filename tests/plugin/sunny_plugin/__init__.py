"""A tiny plugin of quasar-index, for its tests."""
