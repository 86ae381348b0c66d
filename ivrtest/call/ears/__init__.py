"""Ears in processes of their own: they compute, and the media thread need not share its interpreter and its core with them."""
