"""What is right and wrong with a machine, its settings and its account: look, and change nothing."""
