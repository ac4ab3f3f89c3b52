"""GAVE: a decision transformer with value-guided exploration, trained on logs and on counterfactual curves."""
