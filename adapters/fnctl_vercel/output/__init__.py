"""The Build Output tree: which functions are in it, who reaches them, and what each is made of."""
