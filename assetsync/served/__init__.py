"""What is served, byte by byte: compared with the folders, written into a folder, taken over."""
