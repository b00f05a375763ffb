"""The stages of the recipe, each with a ``run(context)``."""
