"""claimtrack: who said what, what checking showed, and what is still unverified."""

__version__ = "0.1.0"
