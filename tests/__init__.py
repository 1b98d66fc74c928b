"""The tests of ragopt. ARCHITECTURE.md tells what each folder holds."""
