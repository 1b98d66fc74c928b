"""Frameworks that call ragopt, one module each. Import the module you need: it loads its framework."""
