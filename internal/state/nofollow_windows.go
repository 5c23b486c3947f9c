package state

// noFollow does not exist here: who opens compares the file with what was
// there before.
const noFollow = 0
