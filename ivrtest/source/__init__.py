"""Texts, the places in them, and what is found wrong there. Knows nothing of telephony."""
