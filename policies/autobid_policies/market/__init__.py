"""Market diffusion: the rest of the day's market (volume, value level, price), sampled; bids are optimised over the samples (policies.md section 6)."""
