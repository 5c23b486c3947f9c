// Package progress is how a use case tells what it does while it does it: a
// Reporter is told of phases and lines, and Steps makes the same of what the
// guest's steps say.
package progress
