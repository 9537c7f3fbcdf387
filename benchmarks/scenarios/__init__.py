"""What is measured: one module for each piece of work, each with the contenders that do it."""
