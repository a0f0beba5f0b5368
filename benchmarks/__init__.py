"""Speed, memory and accuracy of masterify, and of what one would take instead, side by side."""
