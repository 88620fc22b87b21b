"""The agreement of a campaign in words, made from its file and the client's record alone."""
