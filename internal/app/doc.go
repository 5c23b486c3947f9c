// Package app holds the use cases of fbdock, one file each: up, halt,
// destroy, status, docker and so on. It joins the packages below it and
// knows nothing of flags or of the terminal; what it has to tell while it
// works goes to a Progress, what it has to answer is returned.
package app
