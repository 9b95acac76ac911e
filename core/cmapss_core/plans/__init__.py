"""Every change of AWS as an ordered list of steps: shown, confirmed, carried out and journaled as one object."""
