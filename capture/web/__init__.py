"""The lead service over HTTP: translates in, calls one use case, translates out."""
