//go:build !linux

package platforms

// askKVM is Linux's alone.
func askKVM() (problem, errno string) { return "there is no KVM on this system", "" }
