//! What the host is: CPUs, caches, NUMA nodes, CPU sets, placement and pinning
