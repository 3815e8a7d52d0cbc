"""Our month of messages held against an operator's file of them (docs/reference/reconcile.md)."""
