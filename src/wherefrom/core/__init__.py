"""Floor 0: what every other floor shares. Only `tensors` knows torch."""
