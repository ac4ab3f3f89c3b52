"""Training and export of AutoBid's generative bidding policies (docs: policies/README.md)."""
