"""What every policy family shares: data, frozen-rival curves, roll-outs, feature twin, checkpoints, export."""
