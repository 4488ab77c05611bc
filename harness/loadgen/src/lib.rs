//! The HTTP load driver: paced arrivals, three histograms, an exact ledger
