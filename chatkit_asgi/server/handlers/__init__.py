"""A function per request, given what it needs. Those that answer with a stream return an `Opening`."""
