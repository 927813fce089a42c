"""photocampus: graduates' official photographs, from the notice to the national diploma register."""

__version__ = "1.0.0"
