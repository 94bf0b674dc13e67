"""What an answer claims, each claim held against the windows that it speaks of."""
