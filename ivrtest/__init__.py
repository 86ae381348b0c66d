"""ivrtest: phone menus, tested before callers meet them."""

__version__ = "0.1.0"
