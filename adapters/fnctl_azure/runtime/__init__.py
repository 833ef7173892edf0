"""What travels inside an Azure artifact: from what the host hands over to the portable handler, and back."""
