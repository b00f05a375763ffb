"""Several processes that do one piece of work: starting, sharing, watching each other."""
