//go:build linux

package main

import "strings"

type option struct {
	flag  byte
	value string
}

// getopt reads options as getopt(3) does on FreeBSD: they end at the first argument that is none. spec is getopt's.
// bad is the option that the command does not know or that lacks its value.
func getopt(args []string, spec string) (options []option, rest []string, bad string) {
	for len(args) > 0 {
		arg := args[0]
		if arg == "--" {
			return options, args[1:], ""
		}
		if len(arg) < 2 || arg[0] != '-' {
			break
		}
		if arg[1] == '-' {
			return options, args, "illegal option -- -"
		}
		args = args[1:]
		for i := 1; i < len(arg); i++ {
			at := strings.IndexByte(spec, arg[i])
			if arg[i] == ':' || at < 0 {
				return options, args, "illegal option -- " + string(arg[i])
			}
			if at+1 >= len(spec) || spec[at+1] != ':' {
				options = append(options, option{flag: arg[i]})
				continue
			}
			value := arg[i+1:]
			if value == "" {
				if len(args) == 0 {
					return options, args, "option requires an argument -- " + string(arg[i])
				}
				value, args = args[0], args[1:]
			}
			options = append(options, option{arg[i], value})
			break
		}
	}
	return options, args, ""
}

// has says whether a flag was given, value gives its last value.
func has(options []option, flag byte) bool {
	for _, o := range options {
		if o.flag == flag {
			return true
		}
	}
	return false
}

func value(options []option, flag byte) string {
	last := ""
	for _, o := range options {
		if o.flag == flag {
			last = o.value
		}
	}
	return last
}
