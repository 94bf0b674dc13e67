"""What stands beside a checkpoint in the table: learned from the same people, measured on the same windows."""
