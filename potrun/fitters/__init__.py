"""How the minimum of an objective is found."""
