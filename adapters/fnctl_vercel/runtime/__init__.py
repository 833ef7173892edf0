"""What travels in an output for Vercel: the way in, and what requests, messages and crons become."""
