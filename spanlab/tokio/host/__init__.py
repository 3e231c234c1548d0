"""What the machine around a run wants: Ctrl-C, threads that must end, a loop that runs already."""
