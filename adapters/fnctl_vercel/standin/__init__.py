"""Vercel on this machine: its REST API, the hosts of deployments, and the functions behind them. Standard library only."""
