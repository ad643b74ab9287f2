"""The command `quasar-index`; at build time this folder becomes the package `quasar_index.cli`."""
