// Package arch holds the test that keeps the packages in their order: data
// runs config -> plan -> render -> drive -> connect, and nothing imports
// back up. It has no code of its own.
package arch
