"""The training jobs as the console reads, lists, compares and exports them."""
