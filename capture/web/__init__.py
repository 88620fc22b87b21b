"""The lead service over HTTP. Each view reads the request, calls one use case, and answers."""
