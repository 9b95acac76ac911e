"""Training for real: a process of its own that trains XGBoost, and what feeds it from the region's tables."""
