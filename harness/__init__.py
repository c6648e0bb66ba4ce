"""One declarative scenario file for UDP programs, their network and what must be true.

Importing this package costs nothing: every part is imported where it is used.
"""

__version__ = "0.1.0"
