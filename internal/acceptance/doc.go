// Package acceptance judges a real machine: it drives the fbdock program on any
// FreeBSD that somebody has, step by step, and reports each step with what was
// seen. It uses the command line alone, changes nothing that it did not make,
// and compares the FreeBSD system before and after.
package acceptance
