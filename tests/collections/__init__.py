"""Real test collections, read from ../shared/collections, with the numbers that ragopt reaches on them."""
