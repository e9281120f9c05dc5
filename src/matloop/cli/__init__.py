"""The commands: people's words in, campaigns and facts out. No logic of its own; each command is a file."""
