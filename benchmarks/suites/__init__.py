"""The comparisons, a module a subject; each has `rows(runs)`."""
