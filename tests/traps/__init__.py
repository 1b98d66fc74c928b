"""Faults that users reported in peers, each as a test of its whole kind, through every door of ragopt."""
