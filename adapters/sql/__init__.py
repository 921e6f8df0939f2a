"""The store: inbox, ledger, ratings and preferences in one SQL database."""
