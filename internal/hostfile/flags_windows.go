package hostfile

// openFlags: Windows has none. A pipe there has a name of its own, which is
// looked at before it is opened.
const openFlags = 0
