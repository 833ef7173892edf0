"""From sources to what is uploaded: one bundle a function, packed by the adapter's recipe into reproducible archives."""
