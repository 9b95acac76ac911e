"""Where the models of a plan come from, and the variants that serve them."""
