"""Random worlds in which every fast path must equal its twin, bit for bit where the design says so."""
