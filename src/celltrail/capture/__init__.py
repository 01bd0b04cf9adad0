"""Read the world that code runs in: names, values, environment, git. Knows no store."""
