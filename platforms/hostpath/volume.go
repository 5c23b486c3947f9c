package hostpath

import "strings"

// SplitVolume cuts what follows `docker run -v` at its colons: source,
// target and options. The colon of a drive letter is no such colon. A
// volume with a single part has no source.
func SplitVolume(spec string) (source, target, options string) {
	i := colon(spec)
	if i < 0 {
		return "", spec, ""
	}
	source, rest := spec[:i], spec[i+1:]
	// People write -v ${PWD}:${PWD}, on Windows too.
	if i = colon(rest); i < 0 {
		return source, rest, ""
	}
	return source, rest[:i], rest[i+1:]
}

// colon finds the first colon that belongs to no drive letter, -1 for none.
func colon(spec string) int {
	skip := 0
	if len(spec) >= 3 && isLetter(spec[0]) && spec[1] == ':' && (spec[2] == '\\' || spec[2] == '/') {
		skip = 2
	}
	i := strings.IndexByte(spec[skip:], ':')
	if i < 0 {
		return -1
	}
	return skip + i
}
