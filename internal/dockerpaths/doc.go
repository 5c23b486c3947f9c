// Package dockerpaths translates the host's paths in command lines of docker,
// compose and podman, and in compose files, to where the guests have them. It
// judges which paths the guests do not have; it starts nothing, and the only
// files of a project that it knows are those that it is given the text of.
package dockerpaths
