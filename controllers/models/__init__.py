"""The kinds of model that a plant may be made of; ``controllers.model`` computes them side by side."""
