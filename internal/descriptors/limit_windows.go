package descriptors

// limit: Windows has none that matters, and gives handles of any number.
func limit() int { return 0 }
