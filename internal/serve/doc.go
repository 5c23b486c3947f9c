// Package serve is the process of one machine's agent: it reads what to serve
// from the machine's folder, and logs in as the commands do.
package serve
