//go:build race

package agent_test

// raced tells whether the race detector is here, which takes memory.
const raced = true
