// Package host is what a command of fbdock is given of the host that it runs
// on: the environment, the programs that it may start, whom it tells and asks,
// and where things are by the custom of that host.
package host
