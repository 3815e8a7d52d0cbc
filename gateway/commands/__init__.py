"""The subcommands of `jauap`, one file a noun."""
