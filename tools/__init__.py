"""Scripts of the project: setting up, generated files, pictures. Not installed with the program."""
