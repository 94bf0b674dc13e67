"""The `llasa` command line: parses, calls `llasa_core`, shows the result."""
