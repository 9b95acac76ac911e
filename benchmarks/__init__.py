"""What the console costs, as ratios to a named peer measured in the same run on the same machine."""
