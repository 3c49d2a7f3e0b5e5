"""Small programs to copy from. Each says in its first lines how it is started."""
