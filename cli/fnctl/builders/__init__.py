"""The builders that fnctl brings, as plugins: a stranger's come through the same door."""
