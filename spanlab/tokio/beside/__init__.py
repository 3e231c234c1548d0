"""Where tasks live beside the runtime's own queues: in a local set, on another runtime."""
