package privatefile

// noFollow does not exist here: what was opened is compared with what was
// there before.
const noFollow = 0
