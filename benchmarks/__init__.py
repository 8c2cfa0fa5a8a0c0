"""What assetsync costs, beside what people use today. `python -m benchmarks` runs all of it."""
