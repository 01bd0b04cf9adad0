"""The notebook surface: the magics, the hooks around cells, loading and unloading."""
