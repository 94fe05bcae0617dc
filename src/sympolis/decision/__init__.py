"""From an answer to a decision: decision files, participation, notifications, and what people print of them."""
