"""Baselines of offline learning on the same features: behaviour cloning, conservative and implicit Q-learning."""
