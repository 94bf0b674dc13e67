"""Look at a recording, a data folder, one of its windows or a checkpoint, without changing anything."""
