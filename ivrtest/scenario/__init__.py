"""What a caller does and expects: scenario files as values, with the place of each thing. Data only; `run` plays them."""
