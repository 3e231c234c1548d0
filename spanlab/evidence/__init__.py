"""What is known beside the rows: the frames behind them, panics, and what reads a trace anew."""
