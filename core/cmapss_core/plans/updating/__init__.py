"""What an update is made of: what it asks for, the new config, the roll-out and what rolls it back."""
