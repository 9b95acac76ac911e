"""How a plan is carried out, taken up again and taken back: looks, attempts, patience, and what is written down."""
